import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../../../streams/projection/byte-order.ts'

test('text is ordered as its UTF-8 bytes are', () => {
  const samples = ['', '\u0001', 'A', 'a', 'aa', 'é', '\ud7ff', '\ue000', '\u{ff5e}', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}', 'a\u{ff5e}', 'a\u{1f600}', 'a\u{1f601}']

  for (const a of samples) for (const b of samples) assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), `${a} ${b}`)
})
