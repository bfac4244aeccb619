import { isUtf8 } from 'node:buffer'
import { applyEdits, findNodeAtLocation, format, parseTree, type JSONPath, type Node, type ParseError } from 'jsonc-parser'
import { printable } from './text.ts'

const MAX_CHARACTERS = 65_536
/** Around a mistake in JSON that stands on one long line. */
const AROUND = 60

/** A payload for people, with a mark where the error message says that something is wrong. */
export function markedPayload (value: Buffer | null, message: string | undefined): string {
  if (value === null) return '(no value)'
  if (value.length === 0) return '(empty)'
  if (!isUtf8(value)) return `(${value.length} bytes that are no text; the first are)\n${hexLines(value.subarray(0, 256))}`
  const text = value.toString()
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  if (root === undefined || errors[0] !== undefined) return looksLikeJson(text) ? markedSyntax(text, errors[0]?.offset ?? text.length) : cut(printable(text))
  return cut(markedPlaces(pretty(text), message ?? ''))
}

/** Indented, token by token: large numbers stay what they are. */
export function pretty (text: string): string {
  return applyEdits(text, format(text, undefined, { insertSpaces: true, tabSize: 2, eol: '\n' }))
}

function looksLikeJson (text: string): boolean {
  return /^\s*[[{"]/.test(text)
}

function markedSyntax (text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = text.indexOf('\n', offset) === -1 ? text.length : text.indexOf('\n', offset)
  const from = Math.max(lineStart, offset - AROUND)
  const to = Math.min(lineEnd, offset + AROUND)
  const before = (from > lineStart ? '…' : '') + printable(text.slice(from, offset)).replaceAll('\t', ' ')
  const line = before + printable(text.slice(offset, to)).replaceAll('\t', ' ') + (to < lineEnd ? '…' : '')
  return `${cut(printable(text))}\n\nIt is no JSON from here on (line ${text.slice(0, offset).split('\n').length}, column ${offset - lineStart + 1}):\n  ${line}\n  ${' '.repeat(before.length)}^`
}

function markedPlaces (text: string, message: string): string {
  const marks = marksOf(text, message)
  return printable(text).split('\n').map((line, index) => {
    const said = marks.get(index)
    return said === undefined ? `  ${line}` : `▶ ${line}   ← ${said.join('; ')}`
  }).join('\n')
}

/** By line, what is said of it. */
function marksOf (text: string, message: string): Map<number, string[]> {
  const marks = new Map<number, string[]>()
  const root = parseTree(text)
  for (const { path, said } of placesIn(message)) {
    const node = root === undefined ? undefined : deepest(root, path)
    if (node === undefined) continue
    // A property is marked where its name stands.
    const line = text.slice(0, node.parent?.type === 'property' ? node.parent.offset : node.offset).split('\n').length - 1
    marks.set(line, [...marks.get(line) ?? [], printable(said)])
  }
  return marks
}

/** What is missing is marked where it should have been. */
function deepest (root: Node, path: JSONPath): Node | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = findNodeAtLocation(root, path.slice(0, length))
    if (found !== undefined) return found
  }
  return root
}

/** The mistakes in a message of a contract: `/items/0/price must be …`, `value must have …`, `items.0.price: must be …`. */
function placesIn (message: string): { readonly path: JSONPath, readonly said: string }[] {
  return message.split('; ').flatMap(part => {
    const pointer = /^(\/\S+) (.+)$/s.exec(part)
    if (pointer !== null) return [{ path: pathOf((pointer[1] ?? '').slice(1).split('/').map(each => each.replaceAll('~1', '/').replaceAll('~0', '~'))), said: pointer[2] ?? '' }]
    const dotted = /^([A-Za-z_]\w*(?:[.[][\w\]]+)*): (.+)$/s.exec(part)
    if (dotted !== null) return [{ path: pathOf((dotted[1] ?? '').split(/[.[\]]+/).filter(each => each !== '')), said: dotted[2] ?? '' }]
    return part.startsWith('value ') ? [{ path: [], said: part.slice('value '.length) }] : []
  })
}

function pathOf (segments: readonly string[]): JSONPath {
  return segments.map(segment => /^\d+$/.test(segment) ? Number(segment) : segment)
}

function hexLines (bytes: Buffer): string {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) => {
    const part = bytes.subarray(line * 16, line * 16 + 16)
    return `  ${(line * 16).toString(16).padStart(4, '0')}  ${part.toString('hex').replaceAll(/(..)/g, '$1 ').padEnd(48)} ${part.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.')}`
  }).join('\n')
}

function cut (text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}\n… (${text.length - MAX_CHARACTERS} characters more; export has all of it)`
}
