import type { Benchmark } from './lib/benchmark.ts'
import { loopSubject } from './one-at-a-time/subject.ts'
import { compare, floor, oneWorker } from './throughput.ts'

/** They take a minute for so many. */
const MOST_EVENTS = 20_000

const loops = [loopSubject('one at a time, @platformatic/kafka', 'with-platformatic.ts'), loopSubject('one at a time, kafkajs', 'with-kafkajs.ts')]

/** The recommender's work as services do it today, a transaction for each record, beside the worker and the batched loop over the same log. */
export const oneAtATime: Benchmark = {
  name: 'one-at-a-time',
  async run (context) {
    const { tables, ...result } = await compare({ ...context, events: Math.min(context.events, MOST_EVENTS) }, [oneWorker, floor, ...loops])
    return { ...result, tables: tables.map(({ notes, ...table }) => ({ ...table, notes: [...notes, NOTE] })) }
  }
}

const NOTE = 'One at a time: a loop written by hand over each client\'s messages; for each record a transaction of its own, statement by statement, then Redis, and the offsets each second. The log is short because they are slow, too short for the worker and the floor to reach their speed: compare with the table of the long log.'
