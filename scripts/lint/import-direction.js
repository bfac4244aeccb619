import { dirname, relative, resolve, sep } from 'node:path'

/**
 * An ESLint rule: which of the project's folders may import which. Paths are resolved, not compared as text:
 * `streams/` has a folder `stores` of its own.
 */
export const importDirection = {
  meta: {
    type: 'problem',
    docs: { description: 'Keep imports between the top-level folders in their agreed direction' },
    schema: [{
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: {
          from: { type: 'array', items: { type: 'string' } },
          typesFrom: { type: 'array', items: { type: 'string' } },
          why: { type: 'string' }
        },
        required: ['from', 'why'],
        additionalProperties: false
      }
    }],
    messages: { wrong: '{{ why }} (This one is of {{ folder }}/.)' }
  },

  create (context) {
    const [directions] = context.options
    const own = topFolder(context.cwd, context.filename)
    const direction = directions[own]
    if (direction === undefined) return {}

    const check = node => {
      const path = node.source?.value
      if (typeof path !== 'string' || !path.startsWith('.')) return
      const folder = topFolder(context.cwd, resolve(dirname(context.filename), path))
      const allowed = folder === own || direction.from.includes(folder) || (direction.typesFrom?.includes(folder) && isTypeOnly(node))
      if (!allowed) context.report({ node: node.source, messageId: 'wrong', data: { why: direction.why, folder } })
    }
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
  }
}

function topFolder (root, file) {
  return relative(root, file).split(sep)[0]
}

/** `import type { … }`, or every single name marked as a type. */
function isTypeOnly (node) {
  if ((node.importKind ?? node.exportKind) === 'type') return true
  const names = node.specifiers ?? []
  return names.length > 0 && names.every(name => (name.importKind ?? name.exportKind) === 'type')
}
