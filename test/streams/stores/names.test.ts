import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, defineCounter, defineKeyed, defineList, defineRows } from '../../../streams/index.ts'
import Type from 'typebox'

const kinds: Readonly<Record<string, (name: string) => unknown>> = {
  counter: name => defineCounter({ name, key: ['id'], count: 'n' }),
  keyed: name => defineKeyed({ name, key: ['id'], value: Type.Unknown() }),
  list: name => defineList({ name, key: ['id'], position: 'pos', entry: { item: column('text') } }),
  rows: name => defineRows({ name, key: ['id'], columns: { id: column('text') } })
}

test('a store whose name is not a plain table name is refused with a reason', () => {
  for (const define of Object.values(kinds)) {
    for (const name of ['', 'a"; drop schema public; --', 'Upper', '1st', 'a-b', 'a.b', 'é', 'a b', 'a\u0000']) assert.throws(() => define(name), /a store's name is its table/, JSON.stringify(name))
  }
})

test("a store cannot take the name of one of the engine's tables", () => {
  for (const define of Object.values(kinds)) assert.throws(() => define('millrace_tasks'), /'millrace_' are the engine's own/)
})

test('a name that Postgres would cut is refused, also where only the second table of a list would be cut', () => {
  for (const [kind, define] of Object.entries(kinds)) {
    const longest = kind === 'list' ? 56 : 63
    assert.doesNotThrow(() => define('a'.repeat(longest)))
    assert.throws(() => define('a'.repeat(longest + 1)), new RegExp(`has ${longest + 1} characters; Postgres cuts names after 63, so it may have ${longest}`))
  }
})
