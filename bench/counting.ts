import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../streams/index.ts'
import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import { findMistake } from './counting/check.ts'
import { produceOrders, readDeadLetters } from './counting/log.ts'
import { millrace, millraceInMemory } from './counting/millrace.ts'
import { deleteTopicsNaming } from './counting/own-topics.ts'
import { peers } from './counting/peers.ts'
import { expectedOf, orders, type Expected, type OrdersOptions } from './counting/orders.ts'
import { describeRun, summaryOf, tableOf, type CountingRun } from './counting/report.ts'
import { floor } from './counting/floor-subject.ts'
import type { CountingSubject } from './counting/subject.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { owning } from './lib/owner.ts'
import { settle } from './lib/settle.ts'

const subjects: readonly CountingSubject[] = [millraceInMemory, millrace, floor, ...peers]

/** How fast the orders of a log that is there already are counted and summed up by customer. The subjects take turns. */
export const counting: Benchmark = { name: 'counting', run: async context => await compare(context, subjects) }

const PARTITIONS = 6
const CUSTOMERS = 10_000

async function compare (context: Context, subjects: readonly CountingSubject[]): Promise<Result> {
  return await owning('counting', async owner => {
    const { services, events, repeats, say } = context
    const options: OrdersOptions = { seed: 1, count: events, partitions: PARTITIONS, customers: CUSTOMERS }
    const { orders: topic } = await freshTopics(owner, services, ['orders'], PARTITIONS)
    await produceOrders(services, topic, options)
    const expected = expectedOf(orders(options))
    say(`${events} orders produced; the model is ready: ${expected.summaries.size} customers, ${expected.deadLetters.length} invalid`)

    const runs: CountingRun[] = []
    for (let round = 0; round < repeats; round++) {
      for (const subject of subjects) {
        // What could not be run once is not tried again.
        if (runs.some(run => run.subject === subject.name && run.problem !== undefined)) continue
        const run = await measure(context, subject, topic, expected)
        say(describeRun(run))
        runs.push(run)
      }
    }
    const mistakes = runs.flatMap(({ subject, mistake }) => mistake === undefined ? [] : [`${subject}: ${mistake}`])
    return { correct: mistakes.length === 0, mistakes, numbers: { events, summary: summaryOf(runs), runs }, tables: [tableOf(runs, options)] }
  })
}

async function measure ({ services, events }: Context, subject: CountingSubject, topic: string, expected: Expected): Promise<CountingRun> {
  return await owning(subject.name, async owner => {
    const applicationId = freshApplicationId(owner, services)
    owner.after(async () => await deleteTopicsNaming(services, applicationId))
    const { dlq } = await freshTopics(owner, services, ['dlq'], PARTITIONS)
    const folder = await mkdtemp(join(tmpdir(), 'counting-'))
    owner.after(async () => await rm(folder, { recursive: true, force: true }))
    await settle(services.postgres)
    try {
      const { pace, summaries } = await subject.run(owner, { services, applicationId, topic, deadLetterTopic: dlq, partitions: PARTITIONS, records: events, resultFile: join(folder, 'result.json') })
      return { subject: subject.name, pace, mistake: findMistake({ summaries, deadLetters: await readDeadLetters(services, dlq) }, expected) }
    } catch (error) {
      if (!subject.isPeer) throw error
      return { subject: subject.name, problem: messageOf(error) }
    }
  })
}
