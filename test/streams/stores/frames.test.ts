import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packFrames, packHeaders, unpackFrames, unpackHeaders } from '../../../streams/stores/frames.ts'

const frame = fc.uint8Array({ maxLength: 8 }).map(bytes => Buffer.from(bytes))

test('pieces of bytes come back as they were, null apart from empty', () => {
  fc.assert(fc.property(fc.array(fc.option(frame)), frames => deepEqual(unpackFrames(packFrames(frames)), frames)))
})

test('headers come back in their order, also two of one name and one without a value', () => {
  const headers = [['a', Buffer.from('1')], ['ä', null], ['a', Buffer.alloc(0)]] as const

  deepEqual(unpackHeaders(packHeaders(headers)), headers)
})
