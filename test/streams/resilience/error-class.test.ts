import { deepEqual, equal } from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { FatalError } from '../../../streams/errors.ts'
import { classifyError, judge, MAX_RETRY_AFTER_MS } from '../../../streams/resilience/error-class.ts'
import { DecodeError } from '../../../streams/serdes/decode-error.ts'

test('programming errors and values that cannot be decoded are poison, a FatalError is fatal, all else may pass another time', () => {
  const poison = [new TypeError('x'), new RangeError('x'), new SyntaxError('x'), new ReferenceError('x'), new URIError('x'), new DecodeError('json', 'x')]
  const retryable = [new Error('x'), new DOMException('x', 'TimeoutError'), new DOMException('x', 'AbortError'), 'text', null, { status: 503 }]

  deepEqual(poison.map(classifyError), poison.map(() => 'poison'))
  deepEqual(retryable.map(classifyError), retryable.map(() => 'retryable'))
  equal(classifyError(new FatalError('x')), 'fatal')
})

test('a network that fails is no programming error, although fetch says TypeError', async t => {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('abc', () => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
  const errorOf = async (url: string): Promise<unknown> => await fetch(url).then(response => response.text()).catch((error: unknown) => error)

  const truncated = await errorOf(url)
  server.close()
  await once(server, 'close')
  const refused = await errorOf(url)
  const notAnAddress = await errorOf('nowhere')

  deepEqual([truncated, refused, notAnAddress].map(error => error instanceof TypeError), [true, true, true])
  deepEqual([truncated, refused, notAnAddress].map(classifyError), ['retryable', 'retryable', 'poison'])
})

test('a chain of causes that bites its tail is classified too', () => {
  const error = new TypeError('x')
  error.cause = error

  equal(classifyError(error), 'retryable')
})

test('a function of the error decides, and where it says nothing, nonsense, or throws, the error decides itself', () => {
  const nonsense = JSON.parse('["transient", 7, null, {}, {"class": "later"}]')

  equal(judge(new TypeError('x'), () => 'retryable').class, 'retryable')
  equal(judge(new Error('x'), () => 'poison').class, 'poison')
  equal(judge(new Error('x'), () => 'fatal').class, 'fatal')
  equal(judge(new TypeError('x'), () => undefined).class, 'poison')
  equal(judge(new TypeError('x'), () => { throw new Error('a mistake') }).class, 'poison')
  for (const said of nonsense) equal(judge(new TypeError('x'), () => said).class, 'poison')
})

test('a wait that is asked for is honoured within a day, and ignored where it is no time', () => {
  const asked = (retryAfterMs: unknown): unknown => judge(Object.assign(new Error('x'), { retryAfterMs }), classifyError).retryAfterMs

  deepEqual([0, 1_500, MAX_RETRY_AFTER_MS + 1, Infinity].map(asked), [0, 1_500, MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS])
  deepEqual([-1, NaN, '5', null, undefined].map(asked), Array(5).fill(undefined))
  deepEqual(judge(Object.assign(new Error('x'), { retryAfterMs: 7 }), () => ({ class: 'retryable', retryAfterMs: 9 })), { class: 'retryable', retryAfterMs: 9 })
  deepEqual(judge(Object.assign(new Error('x'), { retryAfterMs: 7 }), () => 'poison'), { class: 'poison' })
})
