import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isInstalled } from '../../scripts/ensure-installed.js'

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/node': { version: '24.21.0' },
  'node_modules/only-on-another-system': { version: '1.0.0', optional: true }
}
const installed = { 'node_modules/node': { version: '24.21.0' } }

test('what the lock file asks for is there: nothing to do', t => {
  assert.equal(isInstalled(project(t, { wanted, installed })), true)
})

test('a fresh clone needs an install', t => {
  assert.equal(isInstalled(project(t, { wanted })), false)
})

test('a changed lock file needs an install', t => {
  const changed = { ...wanted, 'node_modules/pg': { version: '8.0.0' } }

  assert.equal(isInstalled(project(t, { wanted: changed, installed })), false)
  assert.equal(isInstalled(project(t, { wanted: changed, installed: { ...installed, 'node_modules/pg': { version: '7.0.0' } } })), false)
})

test("an install without the packages' own scripts has no Node and needs another", t => {
  assert.equal(isInstalled(project(t, { wanted, installed, hasNode: false })), false)
})

function project (t: TestContext, { wanted, installed, hasNode = true }: { wanted: object, installed?: object, hasNode?: boolean }): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  t.after(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('package-lock.json', JSON.stringify({ packages: wanted }))
  if (installed !== undefined) write('node_modules/.package-lock.json', JSON.stringify({ packages: installed }))
  if (hasNode) write('node_modules/node/bin/node', '')
  return root
}
