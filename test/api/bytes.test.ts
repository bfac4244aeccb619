import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../../api/bytes.ts'

test('texts compare as their UTF-8 bytes do', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'Z', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'), maxLength: 4 })

  fc.assert(fc.property(text, text, (a, b) => {
    assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }), { numRuns: 2000 })
})

test('an astral character stands above U+FFFF, where JavaScript puts it below', () => {
  assert.equal('😀' < '\uffff', true)
  assert.equal(compareBytes('😀', '\uffff') > 0, true)
})
