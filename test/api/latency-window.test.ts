import assert from 'node:assert/strict'
import test from 'node:test'
import { LatencyWindow } from '../../api/latency-window.ts'

test('percentiles are latencies that were measured', () => {
  const window = new LatencyWindow({ windowSec: 10, maxSamples: 1000 })
  for (let latency = 100; latency >= 1; latency--) window.add(0, latency, 200)

  assert.deepEqual(window.summary(0).latency_ms, { p50: 50, p95: 95, p99: 99 })
})

test('what is older than the window is forgotten', () => {
  const window = new LatencyWindow({ windowSec: 10, maxSamples: 1000 })
  window.add(0, 500, 500)
  window.add(5000, 1, 200)

  assert.equal(window.summary(10_000).sample_size, 2)
  assert.deepEqual(window.summary(10_001).status_counts, { '2xx': 1, '4xx': 0, '5xx': 0 })
})

test('of more samples than it holds the newest stay', () => {
  const window = new LatencyWindow({ windowSec: 10, maxSamples: 3 })
  for (const latency of [1, 2, 3, 4, 5]) window.add(0, latency, 200)

  const { sample_size, latency_ms } = window.summary(0)

  assert.deepEqual([sample_size, latency_ms.p50, latency_ms.p99], [3, 4, 5])
})

test('a target is met up to its very number, and not judged without samples', () => {
  const window = new LatencyWindow({ windowSec: 10, maxSamples: 3 })
  assert.deepEqual(window.summary(0).sla, { target_p95_ms: 120, target_p99_ms: 200, p95_met: null, p99_met: null })

  window.add(0, 120, 200)
  assert.equal(window.summary(0).sla.p95_met, true)
  window.add(0, 201, 200)
  assert.deepEqual(window.summary(0).sla, { target_p95_ms: 120, target_p99_ms: 200, p95_met: false, p99_met: false })
})
