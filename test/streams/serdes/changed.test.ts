import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from '../../../streams/index.ts'
import { changed } from '../../../streams/serdes/changed.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

const change = changed(serdes.string)
/** Behind a length that needs one byte, two, or three. */
const lengths = { 63: '7e', 64: '8001', 200: '9003', 8191: 'fe7f', 8192: '808001' }

testWireVectors(change, [
  { value: { newValue: 'new', oldValue: 'old', isLatest: true }, hex: '066e65776f6c6402' },
  { value: { newValue: 'new', oldValue: null, isLatest: true }, hex: '6e657701' },
  { value: { newValue: null, oldValue: 'old', isLatest: true }, hex: '6f6c6400' },
  { value: { newValue: '', oldValue: null, isLatest: true }, hex: '01' },
  { value: { newValue: '', oldValue: '', isLatest: true }, hex: '0002' },
  ...Object.entries(lengths).map(([length, prefix]) => ({
    value: { newValue: 'n'.repeat(Number(length)), oldValue: 'o', isLatest: true }, hex: `${prefix}${'6e'.repeat(Number(length))}6f02`
  }))
])

test('a change from nothing to nothing is none, and not written', () => {
  assert.throws(() => change.encode({ newValue: null, oldValue: null, isLatest: true }), { name: 'TypeError', message: 'A change has a new value, an old one or both; this one has neither.' })
})

test('bytes that are no change are refused', () => {
  assertRefused(change, '', 'A change ends with the byte 0, 1 or 2; this one is empty.')
  assertRefused(change, '6e657707', 'A change ends with the byte 0, 1 or 2; this one ends with 7.')
  assertRefused(change, '066e6502', 'The change is broken: 3 bytes are announced at byte 1, and 2 are there.')
  assertRefused(change, '05616102', 'The change is broken: a length of -3 is announced.')
  assertRefused(change, 'ffffffffffff02', 'The change is broken: a length of more than five bytes is announced.')
})
