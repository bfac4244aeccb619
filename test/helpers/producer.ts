import { setImmediate } from 'node:timers/promises'
import { LogError, type LogProducer, type OutgoingRecord } from '../../streams/index.ts'

export interface FakeProducer extends LogProducer {
  /** What was acknowledged, in order. */
  readonly sent: OutgoingRecord[]
  /** How many records each call brought. */
  readonly calls: number[]
  /** Undefined: all goes well. Called with each send; what it returns is thrown. */
  fail: ((records: readonly OutgoingRecord[]) => LogError | undefined) | undefined
}

/** A producer that remembers, and refuses a second call before the first has ended. */
export function fakeProducer (): FakeProducer {
  let busy = false
  const producer: FakeProducer = {
    sent: [],
    calls: [],
    fail: undefined,
    send: async records => {
      if (busy) throw new Error('Two calls at once.')
      busy = true
      await setImmediate()
      busy = false
      producer.calls.push(records.length)
      const error = producer.fail?.(records)
      if (error !== undefined) throw error
      producer.sent.push(...records)
    },
    close: async () => {}
  }
  return producer
}

/** The event in a record. */
export function eventOf (record: OutgoingRecord | undefined): Record<string, unknown> {
  return JSON.parse(String(record?.value))
}
