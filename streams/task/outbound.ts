import { LogError, type LogHeader, type LogProducer, type OutgoingRecord } from '../log/log.ts'
import type { Emission } from './unit.ts'

/** A record that the log will never take. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError'
  readonly emission: Emission

  constructor (emission: Emission, cause: unknown) {
    super(`Topic '${emission.record.topic}' does not take the record: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.emission = emission
  }
}

/**
 * Sends what units emit, and remembers what was acknowledged while its unit is not committed: a unit that is run again leaves
 * out the part that came out the same, per sink partition, and sends everything from the first difference on. Internal records
 * are sent each time: they bear the number of their attempt, and those of the ones before are skipped.
 */
export class Outbound {
  readonly #producer: LogProducer
  readonly #acknowledged = new Map<string, OutgoingRecord[]>()

  constructor (producer: LogProducer) {
    this.#producer = producer
  }

  async send (emissions: readonly Emission[]): Promise<void> {
    const unsent = this.#leaveOutAcknowledged(emissions)
    if (unsent.length === 0) return
    try {
      await this.#producer.send(unsent.map(({ record }) => record))
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      this.#sent.push(...error.acknowledged.flatMap(index => unsent[index] ?? []))
      if (error.kind !== 'data') throw error
      const emission = error.recordIndex === undefined ? undefined : unsent[error.recordIndex]
      if (emission === undefined) throw error
      throw new UnsendableError(emission, error)
    }
    this.#sent.push(...unsent)
  }

  /** The unit was not committed: what it sent is in the log all the same. */
  undone (): void {
    const before = new Map(this.#acknowledged)
    this.#acknowledged.clear()
    for (const { record, isInternal } of this.#sent) {
      if (isInternal === true) continue
      const lane = laneOf(record)
      const records = this.#acknowledged.get(lane)
      if (records === undefined) this.#acknowledged.set(lane, [record])
      else records.push(record)
    }
    for (const [lane, records] of before) this.#acknowledged.set(lane, [...this.#acknowledged.get(lane) ?? [], ...records])
    this.#sent.length = 0
  }

  committed (): void {
    this.#sent.length = 0
  }

  /** Other records than those that were sent will come. */
  forget (): void {
    this.#acknowledged.clear()
    this.#sent.length = 0
  }

  /** Acknowledged for the unit that is being committed, those left out included. */
  readonly #sent: Emission[] = []

  #leaveOutAcknowledged (emissions: readonly Emission[]): Emission[] {
    if (this.#acknowledged.size === 0) return [...emissions]
    return emissions.filter(emission => {
      if (emission.isInternal === true) return true
      const lane = laneOf(emission.record)
      const records = this.#acknowledged.get(lane)
      const [next] = records ?? []
      if (records === undefined || next === undefined) return true
      if (!isSame(next, emission.record)) {
        this.#acknowledged.delete(lane)
        return true
      }
      records.shift()
      this.#sent.push(emission)
      return false
    })
  }
}

/** Records of one topic and key go to one partition, in order. */
function laneOf ({ topic, partition, key }: OutgoingRecord): string {
  return `${topic}/${typeof partition === 'number' ? partition : ''}/${key?.toString('base64') ?? ''}`
}

function isSame (a: OutgoingRecord, b: OutgoingRecord): boolean {
  return isSameBytes(a.key, b.key) && isSameBytes(a.value, b.value) && a.timestamp === b.timestamp &&
    a.headers.length === b.headers.length && a.headers.every((header, index) => isSameHeader(header, b.headers[index]))
}

function isSameHeader (a: LogHeader, b: LogHeader | undefined): boolean {
  return b !== undefined && a[0] === b[0] && isSameBytes(a[1], b[1])
}

function isSameBytes (a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
