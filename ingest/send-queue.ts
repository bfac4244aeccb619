import { LogError, type LogProducer, type OutgoingRecord } from '../streams/index.ts'

/** One record that the log will never take. */
export interface Refusal {
  readonly index: number
  readonly error: LogError
}

export interface SendQueue {
  /**
   * Resolves when each record is acknowledged or refused for good; the refused ones are listed. Rejects with a `LogError` of
   * kind `outage` when the log is away, the queue is full, or the deadline passes. Delivered twice: what was refused as an outage may
   * be in the log all the same; sent again under its event id it counts once.
   */
  readonly send: (records: readonly OutgoingRecord[]) => Promise<readonly Refusal[]>
  /** Records that wait or are under way. */
  readonly size: () => number
  /** Why the last attempt failed; undefined when it went well. */
  readonly outage: () => LogError | undefined
  /** Takes nothing more, and resolves when all that was taken is settled, or nobody waits for it any more. */
  readonly close: () => Promise<void>
}

export interface SendQueueOptions {
  readonly maxRecords?: number
  readonly maxBytes?: number
  /** One send takes at most so much; a broker takes 1 MB per partition by default. */
  readonly batchRecords?: number
  readonly batchBytes?: number
  /** How long a caller waits. */
  readonly timeoutMs?: number
}

interface Waiting {
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly group: Group
  readonly index: number
}

interface Group {
  unsettled: number
  abandoned: boolean
  readonly refusals: Refusal[]
  readonly done: PromiseWithResolvers<readonly Refusal[]>
}

/** Joins the records of concurrent requests into one send at a time, which is all that a producer takes. */
export function openSendQueue (producer: LogProducer, options: SendQueueOptions = {}): SendQueue {
  const { maxRecords = 10_000, maxBytes = 64 * 1024 * 1024, batchRecords = 1000, batchBytes = 512 * 1024, timeoutMs = 10_000 } = options
  const queue: Waiting[] = []
  let size = 0
  let bytes = 0
  let outage: LogError | undefined
  let closed = false
  let draining: Promise<void> | undefined

  async function send (records: readonly OutgoingRecord[]): Promise<readonly Refusal[]> {
    if (closed) throw new LogError('outage', 'The ingest is shutting down.')
    const added = records.reduce((total, record) => total + bytesOf(record), 0)
    if (size + records.length > maxRecords || bytes + added > maxBytes) throw new LogError('outage', `${size} records wait for Kafka already; ask again later.`)
    if (records.length === 0) return []
    const group: Group = { unsettled: records.length, abandoned: false, refusals: [], done: Promise.withResolvers() }
    size += records.length
    bytes += added
    for (const [index, record] of records.entries()) queue.push({ record, bytes: bytesOf(record), group, index })
    draining ??= drain()
    return await withDeadline(group)
  }

  async function withDeadline (group: Group): Promise<readonly Refusal[]> {
    const timer = setTimeout(() => {
      group.abandoned = true
      group.done.reject(new LogError('outage', `Kafka has not acknowledged within ${timeoutMs} ms.`))
    }, timeoutMs)
    try {
      return await group.done.promise
    } finally {
      clearTimeout(timer)
    }
  }

  async function drain (): Promise<void> {
    // Requests of the same turn of the event loop go together.
    await new Promise(resolve => setImmediate(resolve))
    while (queue.length > 0) await deliver(takeBatch())
    draining = undefined
  }

  /** What nobody waits for any more is not sent. */
  function takeBatch (): readonly Waiting[] {
    let count = 0
    let total = 0
    while (count < queue.length && count < batchRecords) {
      total += queue[count]?.bytes ?? 0
      if (count > 0 && total > batchBytes) break
      count++
    }
    const batch = queue.splice(0, count)
    for (const waiting of batch) if (waiting.group.abandoned) release(waiting)
    return batch.filter(waiting => !waiting.group.abandoned)
  }

  async function deliver (batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return
    try {
      await producer.send(batch.map(waiting => waiting.record))
      outage = undefined
      for (const waiting of batch) settle(waiting)
    } catch (error) {
      const failure = error instanceof LogError ? error : new LogError('outage', 'The producer failed.', { cause: error })
      if (failure.kind === 'data') await isolate(batch, failure)
      else giveUp(batch, failure)
    }
  }

  /** One record spoils a send: the others are sent without it. Where it is not named, halves are tried. */
  async function isolate (batch: readonly Waiting[], failure: LogError): Promise<void> {
    const index = batch.length === 1 ? 0 : failure.recordIndex
    const culprit = index === undefined ? undefined : batch[index]
    if (culprit !== undefined) {
      settle(culprit, failure)
      await deliver(batch.filter(waiting => waiting !== culprit))
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await deliver(batch.slice(0, middle))
    await deliver(batch.slice(middle))
  }

  function giveUp (batch: readonly Waiting[], failure: LogError): void {
    outage = failure
    for (const waiting of batch) {
      waiting.group.abandoned = true
      waiting.group.done.reject(new LogError('outage', failure.message, { cause: failure }))
      release(waiting)
    }
  }

  function settle (waiting: Waiting, error?: LogError): void {
    const { group, index } = waiting
    if (error !== undefined) group.refusals.push({ index, error })
    release(waiting)
    if (--group.unsettled === 0) group.done.resolve(group.refusals)
  }

  function release (waiting: Waiting): void {
    size--
    bytes -= waiting.bytes
  }

  async function close (): Promise<void> {
    closed = true
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([draining, waited])
    clearTimeout(timer)
  }

  return { send, size: () => size, outage: () => outage, close }
}

function bytesOf (record: OutgoingRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0)
}
