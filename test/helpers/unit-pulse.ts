import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../streams/runtime.ts'
import type { LogProducer } from '../../streams/log/log.ts'

/** How long on this machine, at that time, a commit takes that nobody waits behind. */
export interface UnitPulse {
  /** The longest of those that were under way between the two, in milliseconds. */
  readonly longest: (from: number, to: number) => number
  readonly stop: () => Promise<void>
}

interface Options {
  readonly database: Pick<Database, 'query'>
  readonly producer: LogProducer
  /** Where to write to. */
  readonly topic: string
}

/** Asks Postgres and Kafka, ten times a second, for what a unit asks of them one after the other. */
export function startUnitPulse ({ database, producer, topic }: Options): UnitPulse {
  const beats: { readonly from: number, readonly to: number }[] = []
  let isOver = false
  const beat = async (): Promise<void> => {
    for (let asked = 0; asked < 3; asked++) await database.query({ text: 'select 1' })
    await producer.send([{ topic, partition: 0, key: null, value: Buffer.from('pulse'), headers: [], timestamp: Date.now() }])
    // Into the journal, and to disk with it.
    await database.query({ text: "select pg_logical_emit_message(true, 'pulse', 'pulse')" })
  }
  const beating = (async () => {
    while (!isOver) {
      const from = Date.now()
      await beat()
      beats.push({ from, to: Date.now() })
      await sleep(100)
    }
  })()
  beating.catch(() => {})
  return {
    longest: (from, to) => Math.max(0, ...beats.filter(each => each.to >= from && each.from <= to).map(each => each.to - each.from)),
    async stop () {
      isOver = true
      await beating
      await producer.close()
    }
  }
}
