import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { configTable } from '../bin/config-table.ts'
import { Config } from '../bin/config.ts'
import { ordersWithCustomers } from '../examples/orders-with-customers.ts'
import { wordCount } from '../examples/word-count.ts'
import { CogroupedStream } from '../streams/graph/cogrouped-stream.ts'
import { GroupedStream } from '../streams/graph/grouped-stream.ts'
import { GroupedTable } from '../streams/graph/grouped-table.ts'
import { SessionWindowedStream } from '../streams/graph/session-windowed-stream.ts'
import { Stream } from '../streams/graph/stream.ts'
import { Table } from '../streams/graph/table.ts'
import { WindowedStream } from '../streams/graph/windowed-stream.ts'
import { describe } from '../streams/runtime.ts'
import { recommender } from '../topology/recommender.ts'
import { between, camelCase, exportsOf, isStore, isTopology, stemOf } from './helpers/conventions.ts'
import { migratedTables, tablesOf } from './helpers/migrated-tables.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const sources = ['processors', 'stores', 'topology'].flatMap(folder => globSync(`${folder}/*.ts`, { cwd: ROOT })).sort()

/** Files that are tested elsewhere, and where. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  'stores/read-query.ts': 'by the readers that share it: test/stores/',
  'topology/downloads-topics.ts': 'by the topologies between them: test/topology/',
  'topology/recommender-topics.ts': 'by its topology: test/topology/recommender.test.ts'
}

/** Files of processors/ that hold no node, and why they are there. */
const NO_NODES: Readonly<Record<string, string>> = {
  'processors/weigh-signal.ts': 'functions for mapValues'
}

/** Nodes that Kafka Streams counts as processors and that are a function of ours, by their names, and where that is. */
const FUNCTION_NODES: Readonly<Record<string, string>> = {
  'split-attachments': 'processors/downloads/attachment-tasks.ts, for flatMapValues',
  'by-media-id': 'topology/downloads-events.ts, for selectKey'
}

test('every processor, store and topology has its mirror test; stores that are data alone are tested by the contract suite of their kind', async () => {
  const missing = []
  for (const file of sources) {
    const isData = file.startsWith('stores/') && (await exportsOf(ROOT, file)).every(([, value]) => isStore(value)) && !(file in TESTED_ELSEWHERE)
    if (!isData && !(file in TESTED_ELSEWHERE) && !existsSync(join(ROOT, 'test', file.replace(/\.ts$/, '.test.ts')))) missing.push(file)
  }

  deepEqual(missing, [], 'write test/<the same path>.test.ts')
  deepEqual(Object.keys(TESTED_ELSEWHERE).filter(file => !sources.includes(file)), [], 'no such file any more')
})

test('a processor is called like its file: factory, node and test', async () => {
  for (const file of sources.filter(file => file.startsWith('processors/') && !(file in NO_NODES))) {
    const names = [...readFileSync(join(ROOT, file), 'utf8').matchAll(/define(?:Async)?Processor\(\{\s*name: '([^']+)'/g)].map(([, name]) => name)

    deepEqual(names, [stemOf(file)], `${file} defines the node of its name and no other`)
    ok((await exportsOf(ROOT, file)).some(([name, value]) => name === camelCase(stemOf(file)) && typeof value === 'function'), `${file} exports ${camelCase(stemOf(file))}`)
  }
})

test('every processor node of a topology is in the catalogue', async () => {
  for (const topology of await topologies()) {
    for (const { name } of topology.nodes.filter(({ kind, name }) => (kind === 'processor' || kind === 'async-processor') && !(name in FUNCTION_NODES))) ok(sources.includes(`processors/${name}.ts`), `node '${name}' is processors/${name}.ts`)
  }
})

test('a store is called like its file: a log by what one of its rows is, everything else by its table', async () => {
  for (const file of sources.filter(file => file.startsWith('stores/'))) {
    const stores = (await exportsOf(ROOT, file)).flatMap(([name, value]) => isStore(value) ? [{ name, store: value }] : [])
    if (stores.length === 0) continue
    for (const { name, store } of stores) {
      if (store.kind === 'rows') {
        match(file, /-log\.ts$/, `${file} holds rows`)
        equal(name, camelCase(stemOf(file)))
        const row = stemOf(file).replace(/-log$/, '').replaceAll('-', '_')
        ok([`${row}s`, `${row}es`].includes(store.name), `rows of ${file} are ${row}s, not '${store.name}'`)
      } else {
        equal(name, camelCase(store.name.replaceAll('_', '-')), `the export of store '${store.name}'`)
      }
    }
    const names = stores.map(({ store }) => store.name).sort()
    if (stores.some(({ store }) => store.kind === 'rows')) equal(stores.length, 1, `${file} holds one log`)
    else deepEqual(names, [stemOf(file).replaceAll('-', '_')], `the stores of ${file}`)
  }
})

test("every store's tables are made by its system's migrations, with the columns and the key that it declares", async t => {
  for (const topology of await topologies()) {
    const wantedTables = topology.stores.flatMap(tablesOf)
    if (wantedTables.length === 0) continue
    const tables = await migratedTables(t, join(ROOT, 'migrations', topology.name))

    for (const { name, columns, key } of wantedTables) {
      const table = tables.get(name)
      ok(table !== undefined, `a migration of ${topology.name} creates table '${name}'`)
      deepEqual(table.key, key, `primary key of '${name}'`)
      for (const [column, wanted] of Object.entries(columns)) deepEqual(table.columns.get(column), wanted, `column '${column}' of '${name}'`)
      deepEqual([...table.columns.keys()].filter(column => !(column in columns) && !table.optional.has(column)), [], `columns of '${name}' that nobody fills`)
    }
  }
})

test("README's drawing is the recommender's", () => {
  const drawn = between(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'drawing')

  equal(drawn, '```mermaid\n' + describe(recommender, 'mermaid') + '```\n', 'paste what `npm run --silent millrace -- describe topology/recommender.ts --format mermaid` prints')
})

test("README's table of variables is that of Config, and each says what it is for", () => {
  const table = between(readFileSync(join(ROOT, 'README.md'), 'utf8'), 'configuration')

  equal(table, configTable(), 'paste what `node bin/config-table.ts` prints')
  for (const [name, schema] of Object.entries(Config.properties)) ok('description' in schema && schema.description !== '', `${name} has a description`)
})

for (const document of ['README.md', 'MIGRATING.md', 'examples/README.md']) {
  test(`code shown in ${document} stands like that in its file`, () => {
    const shown = [...readFileSync(join(ROOT, document), 'utf8').matchAll(/```ts\n\/\/ (\S+)\n([^]*?)```/g)]

    ok(shown.length > 0, `${document} shows code`)
    for (const [, file = '', code = ''] of shown) ok(readFileSync(join(ROOT, file), 'utf8').includes(code), `${file} as ${document} shows it`)
  })
}

for (const { name, topology } of [{ name: 'word-count', topology: wordCount }, { name: 'orders-with-customers', topology: ordersWithCustomers }]) {
  test(`the drawing of the guide '${name}' is its topology's`, () => {
    const drawn = between(readFileSync(join(ROOT, 'examples/README.md'), 'utf8'), name)

    equal(drawn, '```mermaid\n' + describe(topology, 'mermaid') + '```\n', `paste what \`npm run --silent millrace -- describe examples/${name}.ts --format mermaid\` prints`)
  })
}

test('every operator of the language is in the table for Kafka Streams users', () => {
  const table = readFileSync(join(ROOT, 'MIGRATING.md'), 'utf8').split('\n').filter(line => line.startsWith('| '))
  // The second column is what it is here.
  const here = table.map(line => line.split(/(?<!\\) \| /)[1] ?? '').join('\n')
  for (const operators of [Stream, Table, GroupedStream, GroupedTable, WindowedStream, SessionWindowedStream, CogroupedStream]) {
    const methods = Object.getOwnPropertyNames(operators.prototype).filter(name => name !== 'constructor')

    ok(methods.length > 0, operators.name)
    deepEqual(methods.filter(name => !new RegExp(`\\b${name}\\b`).test(here)), [], `of ${operators.name}, in MIGRATING.md`)
  }
})

test('the documents name only files that exist', () => {
  for (const document of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'MIGRATING.md', 'examples/README.md']) {
    const named = [...readFileSync(join(ROOT, document), 'utf8').matchAll(/`((?:api|bench|bin|docker|examples|ingest|migrations|processors|schemas|scripts|stores|streams|test|topology)\/[\w./-]*)`/g)].map(([, path]) => path ?? '')
    const missing = named.filter(path => !existsSync(join(ROOT, path)))

    ok(named.length > 0, `${document} names files`)
    deepEqual(missing, [], document)
  }
})

test('ARCHITECTURE names only functions that exist', () => {
  const code = globSync('streams/**/*.ts', { cwd: ROOT }).map(file => readFileSync(join(ROOT, file), 'utf8'))
  const named = [...readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').matchAll(/`([A-Z]\w+)\.(#?\w+)`/g)]

  const missing = named.filter(([, owner, member]) => !code.some(text => text.includes(`class ${owner} `) && text.includes(` ${member} (`))).map(([whole]) => whole)

  ok(named.length > 0)
  deepEqual(missing, [])
})

test('every metric is in README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const files = [...globSync('{api,ingest,streams/worker}/metrics.ts', { cwd: ROOT }), 'bin/recommender-status.ts']
  const metrics = files.flatMap(file => [...readFileSync(join(ROOT, file), 'utf8').matchAll(/'((?:millrace|reco)_[a-z_]+)'/g)].map(([, name]) => name ?? ''))

  ok(metrics.length > 10)
  deepEqual(metrics.filter(name => !readme.includes(name)), [])
})

test('no file knows where it was written: neither paths of a machine nor addresses of a registry', { skip: existsSync(join(ROOT, '.git')) ? false : 'not a git repository' }, () => {
  const registry = process.env['npm_config_registry']
  const hosts = registry === undefined ? [] : [new URL(registry).host]
  const paths = [ROOT, join(homedir(), '.')].filter(path => path.split('/').length > 2)
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(file => file !== '' && existsSync(join(ROOT, file)))

  const telling = tracked.filter(file => {
    const text = readFileSync(join(ROOT, file), 'latin1')
    return [...paths, ...hosts].some(each => text.includes(each)) || (basename(file) === '.npmrc' && /registry\s*=/.test(text.replace('omit-lockfile-registry-resolved=true', '')))
  })

  deepEqual(telling, [])
  equal(/"resolved": "https?:/.test(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')), false, 'the lock file names no registry')
})

async function topologies () {
  const found = []
  for (const file of globSync('topology/*.ts', { cwd: ROOT })) {
    const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(ROOT, file)).href)
    found.push(...Object.values(exported).filter(isTopology))
  }
  ok(found.length > 0)
  return found
}
