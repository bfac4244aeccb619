import { deepEqual, throws } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { migrationsOf } from '../../bin/migrations.ts'
import { combineTopologies, defineTopic, defineTopology, type Topology } from '../../streams/index.ts'

const [one, other, plain] = [named('one'), named('other'), named('plain')]

function named (name: string): Topology {
  return defineTopology(name, ({ stream }) => { stream(defineTopic({ name })).foreach(() => {}) })
}

function folders (t: TestContext, files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'migrations-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true })
    writeFileSync(join(root, file), 'select 1')
  }
  return root
}

test('a combination has the migrations of its topologies, where they have some, behind its own', t => {
  const root = folders(t, ['one/0001-a.sql', 'other/0001-b.sql', 'both/0002-c.sql', 'stranger/0001-a.sql'])

  deepEqual(migrationsOf(combineTopologies('both', [one, plain, other]), root).map(folder => basename(folder)), ['both', 'one', 'other'])
  deepEqual(migrationsOf(one, root).map(folder => basename(folder)), ['one'])
  deepEqual(migrationsOf(plain, root), [])
})

test('two topologies with a migration of one name are refused: the second would never be applied', t => {
  const root = folders(t, ['one/0001-tables.sql', 'other/0001-tables.sql'])

  throws(() => migrationsOf(combineTopologies('both', [one, other]), root), /two migrations named 0001-tables\.sql, in .*one and .*other/)
})
