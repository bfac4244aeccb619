import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { loadTopology } from '../../bin/load-topology.ts'
import { describe } from '../../streams/runtime.ts'
import { recommender } from '../../topology/recommender.ts'

const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))
const STREAMS = pathToFileURL(fileURLToPath(new URL('../../streams/index.ts', import.meta.url))).href

test('every command says what it takes', async () => {
  for (const args of [['--help'], ['run', '--help'], ['describe', '--help'], ['lint', '--help'], ['lag', '--help'], ['query', '--help'], ['api', '--help'], ['reset', '--help'], ['dlq', '--help'], ['dlq', 'replay', '--help']]) {
    const { code, stdout, stderr } = await millrace(...args)

    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    assert.match(stdout, /^Usage: millrace/)
  }
})

test('a topology is described by name and by path, in every format', async () => {
  for (const name of ['recommender', 'topology/recommender.ts']) assert.deepEqual(await millrace('describe', name), { code: 0, stdout: describe(recommender, 'text'), stderr: '' })

  for (const format of ['mermaid', 'dot', 'json'] as const) assert.equal((await millrace('describe', 'recommender', '--format', format)).stdout, describe(recommender, format))
  assert.equal((await millrace('describe', 'recommender', '--json')).stdout, describe(recommender, 'json'))
})

const misuses: readonly [args: string[], sentence: RegExp][] = [
  [['nonsense'], /unknown command 'nonsense'/],
  [['describe'], /missing required argument 'topology'/],
  [['describe', 'recommender', '--format', 'xml'], /Allowed choices are text, mermaid, dot, json/],
  [['lint', 'recommender', '--format', 'xml'], /Allowed choices are text, json/],
  [['lag'], /'--application-id <id>' not specified/],
  [['query', 'item_popularity'], /'--application-id <id>' not specified/],
  [['query', '--application-id', 'x', 'item_popularity', '--limit', 'all'], /whole number/],
  [['dlq', 'list'], /'--topic <topic>' not specified/],
  [['reset', '--application-id', 'x', '--to-latest', '--to-offset', '3'], /cannot be used with/],
  [['reset', '--application-id', 'x', '--to-offset', '-3'], /whole number, 0 or more/],
  [['reset', '--application-id', 'x', '--to-datetime', 'yesterday'], /YYYY-MM-DDTHH:mm:SS\.sss/],
  [['reset', '--application-id', 'x', '--by-duration', '1h'], /PnDTnHnMnS/],
  [['reset', '--application-id', 'x', '--shift-by', 'many'], /whole number/],
  [['reset', '--application-id', 'x', '--execute', '--dry-run'], /cannot be used with/],
  [['reset', '--application-id', 'x', '--input-topics', 'a,,b'], /separated by commas/]
]

test('wrong use ends with exit code 2 and one sentence', async () => {
  for (const [args, sentence] of misuses) {
    const { code, stdout, stderr } = await millrace(...args)

    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    assert.match(stderr, sentence)
    assert.match(stderr, /^millrace: .+\n\(--help says more\)\n$/)
  }
})

test('a failure ends with exit code 1 and one sentence; only --verbose says where in the code', async () => {
  const plain = await millrace('describe', 'nowhere')
  const verbose = await millrace('describe', 'nowhere', '--verbose')

  assert.deepEqual([plain.code, verbose.code], [1, 1])
  assert.match(plain.stderr, /^millrace: No topology 'nowhere': .+\n$/)
  assert.match(verbose.stderr, /load-topology\.ts/)
})

test('lint prints a table or JSON; errors fail, warnings only with --strict', async t => {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'counts.ts')
  await writeFile(file, `import { defineTopic, defineTopology } from '${STREAMS}'\nexport const counts = defineTopology('counts', ({ stream }) => { stream(defineTopic({ name: 'in' })).groupByKey().count({ name: 'counted', store: { name: 'tallies' } }) })\n`)
  const earlier = join(directory, 'earlier.json')
  await writeFile(earlier, describe(await loadTopology(file), 'json').replaceAll('tallies', 'numbers'))

  const text = await millrace('lint', file)
  const strict = await millrace('lint', file, '--strict', '--format', 'json')
  const against = await millrace('lint', file, '--against', earlier)

  assert.deepEqual([text.code, strict.code, against.code], [0, 1, 1])
  assert.match(text.stdout, /^LEVEL {4}RULE {12}NODE .+\nwarning {2}dead-letters .+\nnote .+\ncounts: 0 errors, 1 warning, 1 note\n$/)
  assert.deepEqual(JSON.parse(strict.stdout).map(({ rule }: { rule: string }) => rule), ['dead-letters', 'grows-for-ever'])
  assert.match(against.stdout, /error +against +numbers +This store is called 'tallies' now: it would begin empty\./)
  assert.match((await millrace('lint', file, '--against', file)).stderr, /counts\.ts cannot be read: .+ Give what `millrace describe … --format json` has printed\.\n$/)
})

test('services that do not answer are named, without their passwords', async () => {
  const { code, stderr } = await millrace('lag', '--application-id', 'x', '--database-url', 'postgres://me:secret@127.0.0.1:1/db', '--bootstrap', '127.0.0.1:1')

  assert.equal(code, 1)
  assert.match(stderr, /^millrace: Postgres at 127\.0\.0\.1:1 does not answer: .+\n$/)
  assert.doesNotMatch(stderr, /secret/)
})

test('where Postgres does not answer, what hides dead letters says how to do without', async () => {
  const { code, stderr } = await millrace('dlq', 'list', '--topic', 'x', '--database-url', 'postgres://me:secret@127.0.0.1:1/db', '--bootstrap', '127.0.0.1:1')

  assert.equal(code, 1)
  assert.match(stderr, /^millrace: Postgres at 127\.0\.0\.1:1 does not answer: .+ --all does without it\.\n$/)
})

test('a topology is the export called like its file, else the only one', async t => {
  const directory = await temporaryDirectory(t)
  const write = async (file: string, content: string): Promise<string> => {
    const path = join(directory, file)
    await writeFile(path, `import { defineTopic, defineTopology } from '${STREAMS}'\nconst make = name => defineTopology(name, ({ stream }) => stream(defineTopic({ name })).to(defineTopic({ name: name + '-out' })))\n${content}\n`)
    return path
  }

  assert.equal((await loadTopology(await write('page-views.ts', "export const other = make('other')\nexport const pageViews = make('views')"))).name, 'views')
  assert.equal((await loadTopology(await write('only.ts', "export const something = make('something')\nexport const number = 1"))).name, 'something')
  await assert.rejects(loadTopology(await write('two.ts', "export const a = make('a')\nexport const b = make('b')")), /several topologies \(a, b\) and none is called 'two'/)
  await assert.rejects(loadTopology(await write('none.ts', 'export const a = 1')), /exports no topology; .+ as 'none'/)
  await assert.rejects(loadTopology(await write('broken.ts', "export const broken = make('a b')")), /cannot be loaded: Topic 'a b'/)
})

async function millrace (...args: string[]): Promise<{ code: number | string | null | undefined, stdout: string, stderr: string }> {
  return await new Promise(resolve => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    execFile(process.execPath, [MILLRACE, ...args], { cwd }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }))
  })
}

async function temporaryDirectory (t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  t.after(async () => await rm(directory, { recursive: true }))
  return directory
}
