import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { createWorkerHealth } from '../../bin/worker-health.ts'
import { createWorkerServer } from '../../bin/worker-server.ts'
import { usualLimits, type HttpLimits } from '../../http/limits.ts'
import { Pauses } from '../../streams/runtime.ts'
import { openApi } from '../helpers/api.ts'
import { openIngest } from '../helpers/ingest.ts'
import { openWorkerServer } from '../helpers/worker-server.ts'

/** Every server of ours, with limits that a test can wait for. */
const servers: Readonly<Record<string, (t: TestContext, limits: Partial<HttpLimits>) => FastifyInstance>> = {
  api: (t, limits) => openApi(t, { options: { limits } }),
  ingest: (t, limits) => openIngest(t, { limits }).app,
  worker: (t, limits) => openWorkerServer(t, { limits })
}

for (const [name, open] of Object.entries(servers)) {
  test(`${name}: a client that sends its headers byte by byte is told 408 and closed`, async t => {
    const port = await listen(open(t, { headersMs: 200 }))
    const socket = await dial(t, port)
    const begun = Date.now()
    const drip = setInterval(() => { if (socket.writable) socket.write('x') }, 20)
    socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: ')

    const answer = await untilClosed(socket)
    clearInterval(drip)

    assertError(answer, 408, 'too_slow')
    assert.ok(Date.now() - begun < 5_000)
  })

  test(`${name}: a client that connects and says nothing is closed`, async t => {
    const socket = await dial(t, await listen(open(t, { headersMs: 200 })))

    assertError(await untilClosed(socket), 408, 'too_slow')
  })

  test(`${name}: a client that sends its body byte by byte is told 408 and closed`, async t => {
    const socket = await dial(t, await listen(open(t, { headersMs: 200, requestMs: 400 })))
    const drip = setInterval(() => { if (socket.writable) socket.write(' ') }, 20)
    socket.write('POST /log/watch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n')

    const answer = await untilClosed(socket)
    clearInterval(drip)

    assertError(answer, 408, 'too_slow')
  })

  test(`${name}: an address that is too long is 414, headers that are too large are 431`, async t => {
    const port = await listen(open(t, { urlBytes: 500, headerBytes: 500 }))

    assertError(await ask(t, port, `GET /health/live?${'x'.repeat(500)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`), 414, 'too_large')
    assertError(await ask(t, port, `GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: ${'x'.repeat(600)}\r\n\r\n`), 431, 'too_large')
    assertError(await ask(t, port, `GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: ${'x'.repeat(50_000)}\r\n\r\n`), 431, 'too_large')
    assert.match(await ask(t, port, 'GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
  })

  test(`${name}: what is no HTTP is answered in the form of every other error`, async t => {
    const port = await listen(open(t, {}))

    for (const bytes of ['\u0016\u0003\u0001\u0002\u0000\u0001', 'nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /health/live HTTP/1.1\r\nno header\r\n\r\n']) assertError(await ask(t, port, bytes), 400, 'bad_request')
  })

  test(`${name}: connections beyond the limit are closed, and free ones are given again`, async t => {
    const port = await listen(open(t, { connections: 2 }))
    const [first] = [await dial(t, port), await dial(t, port)]

    // Dropped without an answer.
    assert.equal(await untilClosed(await dial(t, port)), '')
    first.destroy()
    await untilAnswered(t, port)
  })
}

test('requests beyond the limit are told 503 at once, and those that end make room, also when their client goes away', async t => {
  const gate = Promise.withResolvers<true>()
  const app = openApi(t, { readers: { ready: async () => await gate.promise }, options: { limits: { requests: 2 } } })
  const port = await listen(app)
  const waiting = 'GET /health/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  const contract = 'GET /contract HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  const inside = [await dial(t, port), await dial(t, port)]
  for (const socket of inside) socket.write(waiting)
  while (!(await ask(t, port, contract)).startsWith('HTTP/1.1 503')) await new Promise(resolve => setTimeout(resolve, 5))

  const refused = await ask(t, port, contract)
  assertError(refused, 503, 'busy')
  assert.match(refused, /retry-after: 1/)
  assert.match(await ask(t, port, 'GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)

  inside[0]?.destroy()
  while (!(await ask(t, port, contract)).startsWith('HTTP/1.1 200')) await new Promise(resolve => setTimeout(resolve, 5))
  gate.resolve(true)
})

test('a body that is too large is 413, before it is read to its end', async t => {
  const { app } = openIngest(t, { limits: { bodyBytes: 1_000 } })
  const port = await listen(app)

  assertError(await ask(t, port, 'POST /log/watch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{'), 413, 'too_large')
  assertError(await ask(t, port, `POST /log/watch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n${' '.repeat(4_096)}\r\n`), 413, 'too_large')
})

test('a client that does not read its answers is closed', async t => {
  const port = await listen(openApi(t, { options: { limits: { idleMs: 300 } } }))
  const socket = await dial(t, port)
  socket.pause()
  const closed = closeOf(socket)

  const asked = 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2_000)
  socket.write(asked)
  // Only a reset, or the end behind everything that was sent, says so: reading goes on when the server has given up.
  await new Promise(resolve => setTimeout(resolve, 1_500))
  let bytes = 0
  socket.on('data', chunk => { bytes += chunk.length })
  socket.resume()
  await closed

  const whole = (await ask(t, port, 'GET /openapi.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).length
  assert.ok(bytes < whole * 2_000, 'not all of it was sent')
})

test('a server is closed at once, whoever is connected and says nothing, or has not said all', async t => {
  const app = openApi(t)
  const port = await listen(app)
  const [silent, halfway] = [await dial(t, port), await dial(t, port)]
  halfway.write('GET /health/live HTTP/1.1\r\nx:')
  const begun = Date.now()
  const closed = Promise.all([silent, halfway].map(closeOf))

  await app.close()

  await closed
  assert.ok(Date.now() - begun < 5_000)
})

test('many excluded items fit into an address', async t => {
  const port = await listen(openApi(t))
  const excluded = Array.from({ length: 500 }, () => `exclude=${'%C3%A9'.repeat(128)}`).join('&')

  assert.match(await ask(t, port, `GET /reco?user_id=u&session_id=s&${excluded} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`), /^HTTP\/1\.1 200 /)
})

test('the worker says what it waits for, without the address; its other errors have the form of all errors', async t => {
  const pauses = new Pauses()
  const health = createWorkerHealth(pauses)
  const app = createWorkerServer({ health, registry: new Registry(), withMetrics: true, answer: () => { throw new Error('secret inside') }, logger: { error () {} } })
  t.after(async () => await app.close())
  pauses.waits('taking-over', 'connect ECONNREFUSED 127.0.0.1:5432, [::1]:5432, db.internal:5432')

  const ready = await app.inject('/health/ready')
  const broken = await app.inject('/stream/worker')

  assert.equal(ready.statusCode, 503)
  assert.match(ready.json().message, /^Waiting for Kafka and Postgres, to take tasks over since \d{4}-\S+Z \(attempt 1\): connect ECONNREFUSED \(address\), \(address\), \(address\)$/)
  assert.deepEqual([broken.statusCode, broken.json()], [500, { error: 'internal', message: 'The request failed here, not through you; the log says why.', details: [] }])
  assert.equal((await app.inject('/nothing')).json().error, 'not_found')
})

test('the usual limits let every answer that takes its time through', () => {
  // Ingest waits ten seconds for Kafka, a report of the API as long for Postgres.
  assert.ok(usualLimits.idleMs > 15_000 && usualLimits.requestMs >= usualLimits.headersMs)
})

async function listen (app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server on a port, not on a path: that is what the address of one is.
  return (app.server.address() as AddressInfo).port
}

async function dial (t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => { socket.destroy() })
  await once(socket, 'connect')
  return socket
}

/** All that comes until the server closes; a test that waits for ever fails by its own time limit. */
async function untilClosed (socket: Socket): Promise<string> {
  let answer = ''
  socket.on('data', chunk => { answer += String(chunk) })
  await closeOf(socket)
  return answer
}

/** Also where it was reset. */
async function closeOf (socket: Socket): Promise<void> {
  await new Promise<void>(resolve => { socket.once('close', () => resolve()) })
}

async function ask (t: TestContext, port: number, bytes: string): Promise<string> {
  const socket = await dial(t, port)
  socket.write(bytes, 'latin1')
  return await untilClosed(socket)
}

async function untilAnswered (t: TestContext, port: number): Promise<void> {
  while (!(await ask(t, port, 'GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).startsWith('HTTP/1.1 200')) await new Promise(resolve => setTimeout(resolve, 10))
}

function assertError (answer: string, status: number, error: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), answer.slice(0, 300))
  const { error: found, message, details, ...rest } = JSON.parse(body)
  assert.deepEqual({ found, details, rest, hasMessage: typeof message === 'string' }, { found: error, details: [], rest: {}, hasMessage: true })
}
