import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FatalError } from '../errors.ts'
import { LogError, type Log, type LogProducer } from '../log/log.ts'
import { wholeRanges } from '../log/read-range.ts'
import type { Database } from '../state/postgres/database.ts'
import { destine, type Destined } from './destination.ts'
import { holdLedger, openLedger, type Intent, type OpenIntent, type ReplayLedger } from './ledger.ts'
import type { LedgerLetter } from './letters.ts'
import { settle } from './settle.ts'

export interface ReplayOptions {
  readonly log: Log
  readonly database: Database
  /** The dead-letter topic. */
  readonly topic: string
  /** What to replay of it, given what the ledger knows. */
  readonly letters: (ledger: Pick<ReplayLedger, 'statesIn'>) => AsyncIterable<LedgerLetter>
  /** undefined: back to where each came from. */
  readonly to: string | undefined
  /** Sends nothing and writes nothing down. */
  readonly dryRun: boolean
  readonly limit: number
  /** Records per second. */
  readonly rate: number
  /** A letter that was replayed so often is refused. */
  readonly maxReplays: number
  /** Ends the replay behind what is being sent. */
  readonly signal: AbortSignal
  /** Somebody else is replaying from this topic: waits for the end of that. */
  readonly waiting: () => void
  /** An earlier replay has ended on the way; in so many milliseconds it is certain that nothing of it is on its way any more. */
  readonly settling: (count: number, inMs: number) => void
  /** Whether those are sent again of which nothing tells whether they were sent. */
  readonly resendUnsure: (count: number) => Promise<boolean>
  readonly progressed: (sent: number) => void
  /** How long ago an intent must have been written for its topic to be asked; left out: 10 seconds. */
  readonly settledAfterMs?: number
}

export interface ReplayReport {
  readonly replayId: string
  /** By topic. In a dry run: what would be. */
  readonly sent: ReadonlyMap<string, number>
  readonly alreadySent: number
  /** Perhaps sent by an earlier replay, and left out. */
  readonly unsure: number
  /** By reason, how many and where the first of them lies. */
  readonly refused: ReadonlyMap<string, { readonly count: number, readonly first: LedgerLetter['at'] }>
  /** Why it ended before it was through. */
  readonly stopped: 'limit' | 'signal' | undefined
}

const BATCH = 500
/** What a process that was killed has handed to the network is taken by the broker, or lost, well within this. */
const SETTLED_AFTER_MS = 10_000

/**
 * Sends dead letters again, each once: what is about to be sent is written down before, and nobody sends what is written down. After a
 * crash the topics themselves are asked what had been sent.
 */
export async function replay (options: ReplayOptions): Promise<ReplayReport> {
  const { log, database, topic, to, dryRun } = options
  if (to !== undefined && !(await log.partitionCounts([to])).has(to)) throw new FatalError(`There is no topic '${to}' on this cluster; nothing was sent.`)
  const identity = await log.identify([topic])
  if (dryRun) return await new Replay(options, undefined).run(openLedger({ database, identity, topic }))
  return await holdLedger({ database, identity, topic }, options, async ledger => {
    // What retention has taken needs no ledger, which would grow for ever.
    await ledger.forgetBefore((await wholeRanges(log, [topic])).map(({ partition, from }) => ({ partition, offset: from })))
    await settleEarlier(options, ledger)
    const producer = log.openProducer()
    try {
      return await new Replay(options, { ledger, producer }).run(ledger)
    } finally {
      await producer.close()
    }
  })
}

async function settleEarlier ({ log, topic, settling, resendUnsure, settledAfterMs = SETTLED_AFTER_MS }: ReplayOptions, ledger: ReplayLedger): Promise<void> {
  const open = await ledger.open()
  if (open.length === 0) return
  const inMs = Math.max(0, settledAfterMs - Math.min(...open.map(({ ageMs }) => ageMs)))
  settling(open.length, inMs)
  await sleep(inMs)
  const { unsure } = await settle(log, ledger, topic, open)
  if (unsure.length > 0 && await resendUnsure(unsure.length)) await ledger.withdraw(unsure)
}

interface Sending {
  readonly ledger: ReplayLedger
  readonly producer: LogProducer
}

interface Ready {
  readonly letter: LedgerLetter
  readonly record: Destined['record']
}

class Replay {
  readonly #options: ReplayOptions
  /** undefined: a dry run. */
  readonly #sending: Sending | undefined
  readonly #replayId = randomUUID()
  readonly #counts = new Map<string, Promise<number | undefined>>()
  /** By partition, where targets ended before anything was sent to them. */
  readonly #ends = new Map<string, Promise<number>>()
  readonly #sent = new Map<string, number>()
  readonly #refused = new Map<string, { count: number, readonly first: LedgerLetter['at'] }>()
  readonly #begunAt = performance.now()
  #total = 0
  #alreadySent = 0
  #unsure = 0

  constructor (options: ReplayOptions, sending: Sending | undefined) {
    this.#options = options
    this.#sending = sending
  }

  async run (states: Pick<ReplayLedger, 'statesIn'>): Promise<ReplayReport> {
    const { letters, limit, rate, signal, log, to, maxReplays } = this.#options
    const destination = { log, to, maxReplays, replayId: this.#replayId, countOf: async (topic: string) => await this.#countOf(topic) }
    const size = Math.max(1, Math.min(BATCH, Math.floor(rate / 10)))
    let ready: Ready[] = []
    let stopped: ReplayReport['stopped']
    for await (const letter of letters(states)) {
      if (letter.replay !== undefined) {
        this.#skip(letter.replay)
        continue
      }
      if (this.#total + ready.length >= limit) stopped = 'limit'
      if (signal.aborted) stopped = 'signal'
      if (stopped !== undefined) break
      const destined = await destine(letter, destination)
      if ('refused' in destined) this.#refuse(destined.refused, letter)
      else ready.push({ letter, record: destined.record })
      if (ready.length < size) continue
      await this.#send(ready)
      ready = []
    }
    if (!signal.aborted) await this.#send(ready)
    else if (ready.length > 0) stopped = 'signal'
    return { replayId: this.#replayId, sent: this.#sent, alreadySent: this.#alreadySent, unsure: this.#unsure, refused: this.#refused, stopped }
  }

  #skip (state: 'sent' | 'intended'): void {
    if (state === 'sent') this.#alreadySent++
    else this.#unsure++
  }

  #refuse (reason: string, { at }: LedgerLetter): void {
    const known = this.#refused.get(reason)
    if (known === undefined) this.#refused.set(reason, { count: 1, first: at })
    else known.count++
  }

  async #countOf (topic: string): Promise<number | undefined> {
    const known = this.#counts.get(topic) ?? this.#options.log.partitionCounts([topic]).then(counts => counts.get(topic))
    this.#counts.set(topic, known)
    return await known
  }

  async #send (ready: readonly Ready[]): Promise<void> {
    if (ready.length === 0) return
    if (this.#sending === undefined) return this.#done(ready)
    const { ledger } = this.#sending
    await this.#keepToRate()
    const intents = await Promise.all(ready.map(async each => await this.#intentOf(each)))
    const ours = new Set((await ledger.intend(this.#replayId, intents)).map(({ partition, offset }) => `${partition}@${offset}`))
    const mine = ready.filter(({ letter: { at } }) => ours.has(`${at.partition}@${at.offset}`))
    this.#unsure += ready.length - mine.length
    await this.#produce(this.#sending, mine)
  }

  async #produce ({ ledger, producer }: Sending, ready: readonly Ready[]): Promise<void> {
    try {
      await producer.send(ready.map(({ record }) => record))
    } catch (error) {
      return await this.#afterFailure({ ledger, producer }, ready, error)
    }
    await ledger.sent(ready.map(({ letter: { at } }) => at))
    this.#done(ready)
  }

  /** What can never be sent is refused alone; what became of the others the topics say. */
  async #afterFailure (sending: Sending, ready: readonly Ready[], error: unknown): Promise<void> {
    if (!(error instanceof LogError)) throw error
    const { ledger } = sending
    const acknowledged = new Set(error.acknowledged)
    const sent = ready.filter((_, index) => acknowledged.has(index))
    await ledger.sent(sent.map(({ letter: { at } }) => at))
    this.#done(sent)
    const blamed = error.recordIndex === undefined ? undefined : ready[error.recordIndex]
    if (error.kind !== 'data' || blamed === undefined) throw error
    await ledger.withdraw([blamed.letter.at])
    this.#refuse(`Kafka does not take it: ${error.message}`, blamed.letter)
    const rest = ready.filter((each, index) => each !== blamed && !acknowledged.has(index))
    const open = await Promise.all(rest.map(async (each): Promise<OpenIntent> => ({ ...await this.#intentOf(each), replayId: this.#replayId, ageMs: 0 })))
    const settled = await settle(this.#options.log, ledger, this.#options.topic, open)
    const among = (intents: readonly Intent[]): Ready[] => rest.filter(({ letter: { at } }) => intents.some(({ partition, offset }) => partition === at.partition && offset === at.offset))
    this.#done(among(settled.sent))
    this.#unsure += settled.unsure.length
    const again = among(settled.notSent)
    await ledger.intend(this.#replayId, await Promise.all(again.map(async each => await this.#intentOf(each))))
    if (again.length > 0) await this.#produce(sending, again)
  }

  async #intentOf ({ letter: { at, errorId }, record: { topic, partition } }: Ready): Promise<Intent> {
    return { partition: at.partition, offset: at.offset, errorId, target: topic, targetPartition: partition, targetFrom: await this.#endOf(topic, partition) }
  }

  async #endOf (topic: string, partition: number): Promise<number> {
    const key = `${topic}/${partition}`
    const end = this.#ends.get(key) ?? this.#options.log.offsets([{ topic, partition }], 'latest').then(([found]) => found?.offset ?? 0)
    this.#ends.set(key, end)
    return await end
  }

  #done (ready: readonly Ready[]): void {
    for (const { record: { topic } } of ready) this.#sent.set(topic, (this.#sent.get(topic) ?? 0) + 1)
    this.#total += ready.length
    this.#options.progressed(this.#total)
  }

  async #keepToRate (): Promise<void> {
    const dueAt = this.#begunAt + this.#total / this.#options.rate * 1_000
    await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal: this.#options.signal }).catch(() => {})
  }
}
