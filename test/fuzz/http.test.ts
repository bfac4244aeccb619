import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Random } from '../../bin/sample-events.ts'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import { createMemoryProjection } from '../../streams/runtime.ts'
import { openApi } from '../helpers/api.ts'
import { FUZZ, mutate, nastyText, randomBytes, seededRandom } from '../helpers/fuzz.ts'
import { openIngest } from '../helpers/ingest.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { openWorkerServer } from '../helpers/worker-server.ts'

const limits = { headersMs: 300, requestMs: 600, idleMs: 1_000 }

/** So many at once, as clients would. */
const AT_ONCE = 50

const paths = {
  api: ['/reco', '/recommend', '/users/u1/history', '/users/', '/contract', '/metrics/reco', '/metrics/prometheus', '/analytics/baseline', '/stream/worker', '/health/ready', '/', '/docs', '/openapi.json', '/nothing', '*'],
  ingest: ['/log/watch', '/log/impression', '/event', '/log/batch', '/reco', '/health/ready', '/metrics/prometheus', '/nothing']
}
const parameters = ['user_id', 'session_id', 'k', 'strategy', 'exclude', 'seed_item', 'exclude_seen', 'explain', 'days', 'x_autolog_impressions', '__proto__', 'constructor', 'a[b]']
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const
const contentTypes = ['application/json', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '', 'application/json;;;', '__proto__']

test('no request is answered with a 500, and each is answered', async t => {
  const { seed, random } = seededRandom(t)
  const servers = { api: openReadApi(t), ingest: openIngestWithApi(t) }
  const bodies = createRandomLog({ seed, events: 1_000, partitions: 1 }).flatMap(({ value }) => value === null ? [] : [value])
  const statuses = new Map<string, number>()

  for (let done = 0; done < FUZZ.requests; done += AT_ONCE) {
    const requests = Array.from({ length: Math.min(AT_ONCE, FUZZ.requests - done) }, () => randomRequest(random, bodies))
    await Promise.all(requests.map(async ({ server, request }) => {
      const { statusCode, payload } = await servers[server].inject(request)
      assert.ok(statusCode < 500, `${statusCode} of seed ${seed} for ${JSON.stringify(request).slice(0, 2_000)}: ${payload.slice(0, 500)}`)
      assert.doesNotMatch(payload, /node_modules|\bat \S+ \(|\bselect .+ from\b|ECONN/, JSON.stringify(request).slice(0, 2_000))
      statuses.set(`${server} ${statusCode}`, (statuses.get(`${server} ${statusCode}`) ?? 0) + 1)
    }))
  }

  t.diagnostic(`${FUZZ.requests} requests: ${JSON.stringify(Object.fromEntries([...statuses].sort()))}`)
  for (const [server, app] of Object.entries(servers)) {
    assert.ok((statuses.get(`${server} 200`) ?? 0) > 0, `some requests to ${server} were good`)
    assert.equal((await app.inject('/health/live')).statusCode, 200)
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('whatever bytes come over a socket, the server closes it or answers, and goes on', async t => {
  const { seed, random } = seededRandom(t)
  const bodies = createRandomLog({ seed, events: 200, partitions: 1 }).flatMap(({ value }) => value === null ? [] : [value])
  const servers = [openReadApi(t), openIngestWithApi(t), openWorkerServer(t, { limits })]
  const ports = await Promise.all(servers.map(listen))
  const answered = new Map<string, number>()

  for (let done = 0; done < FUZZ.sockets; done += AT_ONCE) {
    const sent = Array.from({ length: Math.min(AT_ONCE, FUZZ.sockets - done) }, () => ({ port: random.pick(ports), bytes: randomRawRequest(random, bodies) }))
    await Promise.all(sent.map(async ({ port, bytes }) => {
      const status = await exchange(port, bytes)
      assert.doesNotMatch(status, /^5/, `seed ${seed}: ${bytes.subarray(0, 1_000).toString('latin1')}`)
      answered.set(status, (answered.get(status) ?? 0) + 1)
    }))
  }

  t.diagnostic(`${FUZZ.sockets} sockets: ${JSON.stringify(Object.fromEntries([...answered].sort()))}`)
  for (const port of ports) assert.equal(await exchange(port, Buffer.from('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')), '200')
})

/** The API over a projection in memory, through all of its readers' checks. */
function openReadApi (t: TestContext): FastifyInstance {
  const { reader } = createMemoryProjection()
  return openApi(t, { readers: { features: openRecoFeatures({ projection: reader, postgres: reader }) }, options: { limits } })
}

/** Whose read API answers as the other one does. */
function openIngestWithApi (t: TestContext): FastifyInstance {
  return openIngest(t, { limits, recoUrl: 'http://api', fetch: async () => new Response(JSON.stringify({ request_id: 'r', items: ['a', 'b'] })) }).app
}

function randomRequest (random: Random, bodies: readonly Buffer[]): { readonly server: keyof typeof paths, readonly request: InjectOptions } {
  const server = random.pick(['api', 'ingest'] as const)
  const asked = random.chance(0.5) ? '' : `?${Array.from({ length: random.below(5) }, () => `${random.pick(parameters)}=${encoded(nastyText(random), random)}`).join('&')}`
  const usual = random.chance(0.3) ? '?user_id=u1&session_id=s1' : asked
  const path = random.pick(paths[server]) + (random.chance(0.2) ? `/${encoded(nastyText(random), random)}` : '')
  const method = random.chance(0.6) ? (server === 'ingest' ? 'POST' : 'GET') : random.pick(methods)
  const payload = method === 'GET' || method === 'HEAD' ? {} : { payload: randomBody(random, bodies) }
  const contentType = random.chance(0.8) ? 'application/json' : random.pick(contentTypes)
  return {
    server,
    request: {
      method,
      url: path + usual,
      headers: { ...('payload' in payload ? { 'content-type': contentType } : {}), ...(random.chance(0.2) ? { 'x-request-id': nastyText(random), 'accept-encoding': nastyText(random), cookie: nastyText(random) } : {}) },
      ...payload
    }
  }
}

function randomBody (random: Random, bodies: readonly Buffer[]): Buffer {
  const one = (): Buffer => random.chance(0.5) ? random.pick(bodies) : mutate(random.pick(bodies), random, bodies)
  if (random.chance(0.7)) return one()
  return Buffer.concat([Buffer.from('{"events":['), ...Array.from({ length: random.below(4) }, (_, index) => index === 0 ? [one()] : [Buffer.from(','), one()]).flat(), Buffer.from(']}')])
}

/** As a text in an address: encoded as it should be, half, or not at all. */
function encoded (text: string, random: Random): string {
  const wellFormed = text.toWellFormed()
  if (random.chance(0.8)) return encodeURIComponent(wellFormed)
  return random.chance(0.5) ? wellFormed.replaceAll(/[^\x21-\x7e]/g, '') : encodeURIComponent(wellFormed).slice(0, -1)
}

const lines = ['GET /reco?user_id=u&session_id=s HTTP/1.1', 'POST /log/watch HTTP/1.1', 'POST /event HTTP/1.0', 'GET /health/ready HTTP/1.1', 'GET /metrics HTTP/1.1', 'OPTIONS * HTTP/1.1', 'CONNECT x:1 HTTP/1.1', 'GET http://other/ HTTP/1.1', 'PRI * HTTP/2.0', 'GET /%ff%00 HTTP/1.1', 'GET']
const headers = [
  'host: x', 'content-type: application/json', 'content-length: 5', 'content-length: 99999999999999999999', 'content-length: -1', 'transfer-encoding: chunked', 'transfer-encoding: x, chunked', 'upgrade: websocket', 'connection: upgrade',
  'connection: close', 'expect: 100-continue', 'expect: x', ' folded', ': none', 'x: \u0000', `x: ${'y'.repeat(20_000)}`, 'sec-websocket-key: x', 'accept-encoding: \u00ff', 'cookie: a=b; __proto__=c'
]

function randomRawRequest (random: Random, bodies: readonly Buffer[]): Buffer {
  if (random.chance(0.1)) return randomBytes(random, 2_000)
  const head = [random.pick(lines), ...(random.chance(0.8) ? ['host: x'] : []), ...Array.from({ length: random.below(4) }, () => random.pick(headers)), '', ''].join(random.chance(0.9) ? '\r\n' : '\n')
  const body = random.chance(0.5) ? random.pick(bodies) : Buffer.from(random.pick(['5\r\nhello\r\n0\r\n\r\n', 'fffffffffff\r\n', '0\r\n\r\n', 'zz\r\n', '5;x=y\r\nhello\r\n', '']))
  const whole = Buffer.concat([Buffer.from(head, 'latin1'), body])
  return random.chance(0.3) ? mutate(whole, random, bodies) : whole
}

async function listen (app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  // A server on a port, not on a path: that is what the address of one is.
  return (app.server.address() as AddressInfo).port
}

/** The status of the first answer, `closed` where there was none. Who is neither answered nor closed is a hang. */
async function exchange (port: number, bytes: Buffer): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => { socket.write(bytes) })
    const patience = setTimeout(() => {
      socket.destroy()
      reject(new Error(`neither answered nor closed: ${bytes.subarray(0, 1_000).toString('latin1')}`))
    }, 20_000)
    let status = 'closed'
    socket.on('data', chunk => {
      status = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1] ?? status
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(patience)
      resolve(status)
    })
  })
}
