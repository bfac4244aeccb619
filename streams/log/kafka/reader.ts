import { protocolErrorsCodesById, type ConnectionPool } from '@platformatic/kafka'
import { LogError, type LogReader, type ReaderOptions, type ReadPosition } from '../log.ts'
import { backoffMs } from './backoff.ts'
import type { Cluster, ClusterView } from './cluster.ts'
import { decodeRecords } from './decode.ts'
import { toLogError } from './errors.ts'
import { fetchApi, isolation, noSession, type FetchAnswer, type FetchApi, type FetchedPartition } from './fetch-api.ts'

const defaultMaxBytes = 1 << 20
const defaultMaxWaitMs = 200
/** What a broker may take beyond the wait it was granted; then it counts as gone. */
const patienceMs = 15_000
const offsetOutOfRange = 1
const topicAuthorizationFailed = 29

/** A fetch loop over the brokers of a cluster: one question in flight per broker, on connections of its own. */
export function openKafkaReader (cluster: Cluster, options: ReaderOptions): LogReader {
  const reader = new Reader(cluster, options)
  reader.wake()
  return { wake: () => reader.wake(), close: () => reader.close() }
}

/** What the reader remembers of a partition between two questions. */
class PartitionState {
  inFlight = false
  failures = 0
  retryAt = 0
  /** The question last answered, and whether there was anything. Asked again only if there was nothing. */
  #answered: { readonly offset: number, readonly epoch: number, readonly empty: boolean } | undefined

  answer ({ offset, epoch }: ReadPosition, empty: boolean): void {
    this.failures = 0
    this.retryAt = 0
    this.#answered = { offset, epoch, empty }
  }

  isDone (position: ReadPosition): boolean {
    return this.#isAnswered(position) && this.#answered?.empty === false
  }

  /** Behind a failure an empty answer is news: the partition can be read again. */
  isKnownEmpty (position: ReadPosition): boolean {
    return this.failures === 0 && this.#isAnswered(position) && this.#answered?.empty === true
  }

  backOff (now: number): void {
    this.retryAt = now + backoffMs(this.failures++)
  }

  #isAnswered ({ offset, epoch }: ReadPosition): boolean {
    return this.#answered?.offset === offset && this.#answered.epoch === epoch
  }
}

class Reader {
  readonly #cluster: Cluster
  readonly #options: ReaderOptions
  readonly #pool: ConnectionPool
  readonly #maxBytes: number
  readonly #maxWaitMs: number
  readonly #states = new Map<string, PartitionState>()
  readonly #busyBrokers = new Set<number>()
  readonly #running = new Set<Promise<void>>()
  /** All that were ever wanted: one that was paused is at hand again without a look-up. */
  readonly #topicNames = new Set<string>()
  readonly #topicIds = new Map<string, string>()
  #view: ClusterView | undefined
  #isStale = true
  #isRefreshing = false
  #refreshFailures = 0
  #refreshAt = 0
  #api: FetchApi | undefined
  #rotation = 0
  #isScheduled = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor (cluster: Cluster, options: ReaderOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#maxBytes = Math.min(options.maxBytes ?? defaultMaxBytes, defaultMaxBytes)
    this.#maxWaitMs = options.maxWaitMs ?? defaultMaxWaitMs
    this.#pool = cluster.openPool('fetch', this.#maxWaitMs + patienceMs)
  }

  /** Many wakes in one turn are one look at `wanted`, and never inside the caller's own call. */
  wake (): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#pump()
    })
  }

  async close (): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#pool.close()
    await Promise.allSettled(this.#running)
  }

  /** Asks every broker that is not busy for what is wanted of it; sleeps if nothing is to be asked. */
  #pump (): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    const now = Date.now()
    let wakeAt = Infinity
    const questions = new Map<number, ReadPosition[]>()
    for (const position of this.#options.wanted()) {
      const state = this.#stateOf(position)
      if (state.inFlight || state.isDone(position)) continue
      if (state.retryAt > now) {
        wakeAt = Math.min(wakeAt, state.retryAt)
        continue
      }
      const leader = this.#leaderOf(position)
      if (leader === undefined) this.#isStale = true
      else if (!this.#busyBrokers.has(leader)) questions.set(leader, [...questions.get(leader) ?? [], position])
    }
    for (const [leader, positions] of questions) this.#run(this.#ask(leader, positions))
    if (this.#isStale && !this.#isRefreshing) {
      if (this.#refreshAt <= now) this.#run(this.#refresh())
      else wakeAt = Math.min(wakeAt, this.#refreshAt)
    }
    if (wakeAt < Infinity) this.#timer = setTimeout(() => this.wake(), wakeAt - now + 1)
  }

  #run (work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => {
      this.#running.delete(work)
      this.wake()
    })
  }

  async #ask (leader: number, positions: readonly ReadPosition[]): Promise<void> {
    this.#busyBrokers.add(leader)
    for (const position of positions) this.#stateOf(position).inFlight = true
    const answer = await this.#fetch(leader, positions).catch((error: unknown) => toLogError(error, `Fetching from broker ${leader}`))
    this.#busyBrokers.delete(leader)
    for (const position of positions) this.#stateOf(position).inFlight = false
    if (this.#isClosed) return
    if (answer instanceof LogError) this.#onBrokerError(answer, positions)
    else this.#take(answer, positions)
  }

  async #fetch (leader: number, positions: readonly ReadPosition[]): Promise<FetchAnswer> {
    const broker = this.#view?.brokers.get(leader)
    if (broker === undefined) throw new LogError('outage', `Broker ${leader} is not in the cluster.`)
    const connection = await this.#pool.get(broker)
    this.#api ??= fetchApi((await this.#cluster.api('Fetch')).version)
    const answer = await this.#api.async(connection, this.#maxWaitMs, 1, this.#maxBytes, isolation, noSession.id, noSession.epoch, this.#topics(positions), [], '')
    if (answer.errorCode !== 0) throw new LogError('outage', `Broker ${leader} refused to be read from (error ${answer.errorCode}).`)
    return answer
  }

  /** The broker fills its answer in the order of the question, so that order goes round: else the first partitions would starve the last. */
  #topics (positions: readonly ReadPosition[]) {
    const first = this.#rotation++ % positions.length
    const share = Math.max(this.#maxBytes >> 2, Math.ceil(this.#maxBytes / positions.length))
    return [...positions.slice(first), ...positions.slice(0, first)].map(({ topic, partition, offset }) => ({
      topicId: this.#view?.topics.get(topic)?.id ?? '',
      partitions: [{ partition, currentLeaderEpoch: -1, fetchOffset: BigInt(offset), lastFetchedEpoch: -1, partitionMaxBytes: share }]
    }))
  }

  #take (answer: FetchAnswer, positions: readonly ReadPosition[]): void {
    const byId = new Map(answer.partitions.map(fetched => [`${fetched.topicId}/${fetched.partition}`, fetched]))
    for (const position of positions) {
      const fetched = byId.get(`${this.#view?.topics.get(position.topic)?.id}/${position.partition}`)
      if (this.#isClosed) return
      if (fetched === undefined || fetched.errorCode !== 0) this.#onPartitionError(position, fetched?.errorCode ?? -1)
      else this.#deliver(position, fetched)
    }
  }

  #deliver (position: ReadPosition, fetched: FetchedPartition): void {
    const state = this.#stateOf(position)
    const { topic, partition, offset, epoch } = position
    const decoded = this.#decode(position, fetched)
    if (decoded instanceof LogError) {
      state.backOff(Date.now())
      this.#options.failed(position, decoded)
      return
    }
    const { records, nextOffset } = decoded
    const isEmpty = nextOffset === offset
    // That there is nothing is worth saying once per question, not once per long poll.
    const isNews = !isEmpty || !state.isKnownEmpty(position)
    state.answer(position, isEmpty)
    if (isNews) this.#options.deliver({ topic, partition, askedOffset: offset, epoch, records, nextOffset, endOffset: fetched.lastStableOffset })
  }

  #decode ({ topic, partition, offset }: ReadPosition, { abortedTransactions, batches }: FetchedPartition): ReturnType<typeof decodeRecords> | LogError {
    try {
      return decodeRecords({ topic, partition, offset, abortedTransactions, batches })
    } catch (error) {
      if (error instanceof LogError) return error
      return new LogError('fatal', `Records of ${topic}/${partition} from offset ${offset} on cannot be decoded; read them with another client to find out what is there.`, { cause: error })
    }
  }

  #onPartitionError (position: ReadPosition, errorCode: number): void {
    this.#stateOf(position).backOff(Date.now())
    const { topic, partition, offset } = position
    if (errorCode === offsetOutOfRange) {
      this.#options.failed(position, new LogError('out-of-range', `Offset ${offset} of ${topic}/${partition} is not in the log.`))
    } else if (errorCode === topicAuthorizationFailed) {
      this.#options.failed(position, new LogError('fatal', `Reading ${topic} is not allowed: grant this principal READ on it.`))
    } else {
      this.#isStale = true
      this.#options.delayed?.(position, `its leader refused (${protocolErrorsCodesById[errorCode] ?? errorCode})`)
    }
  }

  #onBrokerError (error: LogError, positions: readonly ReadPosition[]): void {
    this.#isStale = true
    for (const position of positions) {
      this.#stateOf(position).backOff(Date.now())
      if (error.kind === 'fatal') this.#options.failed(position, error)
      else this.#options.delayed?.(position, error.message)
    }
  }

  async #refresh (): Promise<void> {
    this.#isRefreshing = true
    this.#isStale = false
    try {
      for (const { topic } of this.#options.wanted()) this.#topicNames.add(topic)
      this.#view = await this.#cluster.view([...this.#topicNames])
      this.#refreshFailures = 0
      // Not more often than this, whoever asks.
      this.#refreshAt = Date.now() + backoffMs(0)
      this.#backOffLeaderless()
      this.#noticeNewTopics(this.#view)
    } catch (error) {
      this.#isStale = true
      this.#refreshAt = Date.now() + backoffMs(this.#refreshFailures++)
      if (!this.#isClosed) this.#warn({ err: error }, 'The cluster does not say who leads its partitions; it is asked again.')
    } finally {
      this.#isRefreshing = false
    }
  }

  /** A topic that does not exist, or a partition without a leader, may come: it is looked for again, ever more slowly. */
  #backOffLeaderless (): void {
    for (const position of this.#options.wanted()) {
      if (this.#leaderOf(position) !== undefined) continue
      this.#stateOf(position).backOff(Date.now())
      this.#options.delayed?.(position, 'it has no leader, or does not exist')
    }
  }

  /** Offsets of a topic that was deleted and made again mean nothing in the new one, even where it has as many. */
  #noticeNewTopics (view: ClusterView): void {
    for (const [topic, { id }] of view.topics) {
      const before = this.#topicIds.get(topic)
      this.#topicIds.set(topic, id)
      if (before === undefined || before === id) continue
      for (const position of this.#options.wanted().filter(({ topic: wanted, offset }) => wanted === topic && offset > 0)) {
        this.#options.failed(position, new LogError('out-of-range', `Topic ${topic} was deleted and made again: offset ${position.offset} of partition ${position.partition} was one of the old topic.`))
      }
    }
  }

  #leaderOf ({ topic, partition }: ReadPosition): number | undefined {
    const leader = this.#view?.topics.get(topic)?.leaders[partition]
    return leader === undefined || leader < 0 ? undefined : leader
  }

  #stateOf ({ topic, partition }: ReadPosition): PartitionState {
    const key = `${topic}/${partition}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const state = new PartitionState()
    this.#states.set(key, state)
    return state
  }

  #warn (fields: object, message: string): void {
    this.#cluster.options.logger?.warn(fields, message)
  }
}
