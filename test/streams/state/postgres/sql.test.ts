import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeArray } from '../../../../streams/state/postgres/sql.ts'

test('a number that is minus zero is stored as zero: nobody who writes text or compares would tell them apart', () => {
  assert.deepEqual(encodeArray('double precision', [-0, 1.5]), encodeArray('double precision', [0, 1.5]))
})

test('halves of a surrogate pair in two texts that stand beside each other are no text', () => {
  assert.throws(() => encodeArray('text', ['a\ud83d', '\ude00b']), /lone surrogate/)
})
