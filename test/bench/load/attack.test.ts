import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readAttack } from '../../../bench/load/attack.ts'
import type { LoadResult } from '../../../bench/load/result.ts'

const answer = { items: ['a', 'b'] }

interface Hit {
  readonly seq: number
  readonly sentMs: number
  readonly tookMs?: number
  readonly code?: number
  readonly error?: string
  readonly body?: object
}

async function read (t: TestContext, hits: readonly Hit[]): Promise<LoadResult> {
  const directory = await mkdtemp(join(tmpdir(), 'attack-'))
  t.after(async () => await rm(directory, { recursive: true }))
  const lines = hits.map(({ seq, sentMs, tookMs = 1, code = 200, error = '', body = answer }) => JSON.stringify({
    seq, code, error, timestamp: new Date(sentMs).toISOString().replace('Z', '250000Z'), latency: tookMs * 1e6, body: Buffer.from(JSON.stringify(body)).toString('base64')
  }))
  await writeFile(join(directory, 'lines'), lines.join('\n'))
  return await readAttack(join(directory, 'lines'), { perSecond: 100, k: 2 })
}

test('a request that was sent late counts from when it was due', async t => {
  const { latencyMs, lateMs } = await read(t, [{ seq: 0, sentMs: 1_000_000 }, { seq: 2, sentMs: 1_000_050, tookMs: 5 }, { seq: 1, sentMs: 1_000_010 }])

  assert.deepEqual([latencyMs.max, lateMs.max, latencyMs.p50], [35, 30, 1])
})

test('whoever found nothing more to send is no request', async t => {
  const { latencyMs, errors } = await read(t, [{ seq: 0, sentMs: 1_000_000 }, { seq: 1, sentMs: 1_000_010, code: 0, error: 'no targets to attack' }])

  assert.deepEqual([latencyMs.count, errors], [1, 0])
})

test('errors are counted by kind, without the address they name', async t => {
  const error = (port: number): string => `Get "http://127.0.0.1:80/": read tcp 127.0.0.1:${port}->127.0.0.1:80: read: connection reset by peer`
  const { errors, kinds } = await read(t, [
    { seq: 0, sentMs: 1_000_000, code: 0, error: error(1) }, { seq: 1, sentMs: 1_000_010, code: 0, error: error(2) }, { seq: 2, sentMs: 1_000_020, code: 503 }
  ])

  assert.equal(errors, 3)
  assert.deepEqual(kinds, { 'connection reset by peer': 2, 503: 1 })
})

test('answers that are degraded, or have too few items or one twice, are told', async t => {
  const { degraded, short } = await read(t, [
    { seq: 0, sentMs: 1_000_000, body: { items: ['a', 'b'], degraded: true } }, { seq: 1, sentMs: 1_000_010, body: { items: ['a', 'a'] } }
  ])

  assert.deepEqual([degraded, short], [1, 1])
})
