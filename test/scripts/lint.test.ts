import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ESLint } from 'eslint'

const root = join(import.meta.dirname, '..', '..')
const eslint = new ESLint({ cwd: root })

interface Case { readonly file: string, readonly code: string }

const refused: readonly Case[] = [
  { file: 'api/reco.ts', code: "import { recommender } from '../topology/recommender.ts'" },
  { file: 'api/rules/v2.ts', code: "import type { Topology } from '../../streams/index.ts'" },
  { file: 'api/reco.ts', code: "import '../processors/append-history.ts'" },
  { file: 'processors/append-history.ts', code: "import { userHistory } from '../stores/user-history.ts'" },
  { file: 'processors/append-history.ts', code: "import { type List, userHistory } from '../stores/user-history.ts'" },
  { file: 'stores/user-history.ts', code: "import '../topology/topics.ts'" },
  { file: 'ingest/server.ts', code: "import '../stores/user-history.ts'" },
  { file: 'http/limits.ts', code: "import '../streams/index.ts'" },
  { file: 'topology/recommender.ts', code: "import '../bin/config.ts'" },
  { file: 'examples/word-count.ts', code: "import '../processors/append-history.ts'" },
  { file: 'streams/graph/node.ts', code: "import { watch } from '../../schemas/watch.ts'" },
  { file: 'streams/index.ts', code: "export * from '../stores/user-history.ts'" },
  { file: 'streams/index.ts', code: "export { a } from '../stores/user-history.ts'" },
  { file: 'schemas/watch.ts', code: "await import('../streams/index.ts')" },
  { file: 'migrations/recommender/check.ts', code: "import '../../stores/user-history.ts'" }
]

const allowed: readonly Case[] = [
  { file: 'bin/worker.ts', code: "import '../topology/recommender.ts'" },
  { file: 'topology/recommender.ts', code: "import '../processors/append-history.ts'" },
  { file: 'examples/word-count.ts', code: "import '../streams/index.ts'" },
  { file: 'processors/append-history.ts', code: "import { defineProcessor } from '../streams/index.ts'" },
  { file: 'processors/append-history.ts', code: "import type { history } from '../stores/user-history.ts'" },
  { file: 'processors/append-history.ts', code: "import { type history } from '../stores/user-history.ts'" },
  { file: 'api/reco.ts', code: "import '../stores/user-history.ts'" },
  // The framework's own folder of that name, not the stores built on it.
  { file: 'streams/graph/node.ts', code: "import '../stores/store.ts'" },
  { file: 'streams/kafka/kafka-log.ts', code: "import '@platformatic/kafka'" },
  { file: 'test/api/reco.test.ts', code: "import '../../topology/recommender.ts'" }
]

for (const { file, code } of refused) {
  test(`${file} may not: ${code}`, async () => {
    assert.deepEqual(await rulesBrokenBy({ file, code }, 'millrace/import-direction'), ['millrace/import-direction'])
  })
}

for (const { file, code } of allowed) {
  test(`${file} may: ${code}`, async () => {
    assert.deepEqual(await rulesBrokenBy({ file, code }, 'millrace/import-direction'), [])
  })
}

test('the message says why, and names the folder', async () => {
  const [result] = await eslint.lintText("import '../streams/index.ts'\n", { filePath: join(root, 'api/reco.ts') })

  assert.equal(result?.messages[0]?.message,
    'The API only reads: it meets the topology in stores and schemas, and nowhere else. (This one is of streams/.)')
})

test('only executables, scripts, tests and benchmarks read the environment', async () => {
  const code = 'console.log(process.env.HOME)'
  const forbidden = await Promise.all(['streams', 'stores', 'topology', 'api'].map(folder => rulesBrokenBy({ file: `${folder}/a.ts`, code }, 'no-restricted-properties')))
  const permitted = await Promise.all(['bin', 'scripts', 'test', 'bench'].map(folder => rulesBrokenBy({ file: `${folder}/a.ts`, code }, 'no-restricted-properties')))

  assert.deepEqual(forbidden.map(rules => rules.length), [1, 1, 1, 1])
  assert.deepEqual(permitted.flat(), [])
  assert.equal((await rulesBrokenBy({ file: 'streams/a.ts', code: "import { env } from 'node:process'\n\nconsole.log(env)" }, 'no-restricted-imports')).length, 1)
})

test('any is refused', async () => {
  const broken = await rulesBrokenBy({ file: 'streams/a.ts', code: 'export function f (value: any): void { console.log(value) }' }, '@typescript-eslint/no-explicit-any')

  assert.equal(broken.length, 1)
})

test("a contract's value and type may share a name", async () => {
  const code = "export const Watch = 'watch'\nexport type Watch = typeof Watch"
  const [result] = await eslint.lintText(code + '\n', { filePath: join(root, 'schemas/a.ts') })

  assert.deepEqual(result?.messages, [])
})

async function rulesBrokenBy ({ file, code }: Case, rule: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code + '\n', { filePath: join(root, file) })
  assert.ok(result !== undefined)
  assert.deepEqual(result.messages.filter(({ fatal }) => fatal), [])
  return result.messages.map(({ ruleId }) => ruleId).filter(ruleId => ruleId === rule)
}
