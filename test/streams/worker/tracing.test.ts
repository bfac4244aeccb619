import assert from 'node:assert/strict'
import { once, EventEmitter } from 'node:events'
import { test } from 'node:test'
import { defineTopic, defineTopology } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import type { LogProducer } from '../../../streams/log/log.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Worker } from '../../../streams/worker/worker.ts'
import { withFaults } from '../../helpers/faulty-state.ts'
import { memoryWorkerOptions } from '../../helpers/memory-worker.ts'
import { producer, registerTracing, traceparent } from '../../helpers/tracing.ts'

const clicks = defineTopic({ name: 'clicks' })
const copies = defineTopic({ name: 'copies' })
const copying = defineTopology('copying', ({ stream }) => { stream(clicks).to(copies) })

test('a unit that was produced and has to be run again writes the same trace, so that nothing is sent twice', { timeout: 30_000 }, async t => {
  const spans = registerTracing(t)
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: 1 }, { name: 'copies', partitions: 1 }])
  const sent: string[] = []
  const counted = {
    ...log,
    openProducer: (): LogProducer => {
      const inner = log.openProducer()
      return {
        ...inner,
        async send (records) {
          sent.push(...records.map(({ topic }) => topic))
          await inner.send(records)
        }
      }
    }
  }
  const committed = new EventEmitter()
  const worker = new Worker(memoryWorkerOptions({
    topology: copying,
    log: counted,
    state: withFaults(openMemoryState(), { commit: transaction => transaction === 1 ? 'not-happened' : 'answered' }),
    observers: [{ committed: () => committed.emit('unit'), assigned: () => {} }]
  }))
  t.after(async () => {
    await worker.stop()
    await log.close()
  })
  await log.openProducer().send([{ topic: 'clicks', key: null, value: Buffer.from('1'), headers: [traceparent(producer)] }])
  const unit = once(committed, 'unit')
  await worker.start()
  await unit

  assert.deepEqual(sent, ['copies'])
  assert.deepEqual(spans.all().map(({ attributes }) => [attributes['millrace.runs'], attributes['millrace.outcome']]), [[2, 'done']])
})
