/** What may hold work up: what each kind waits for, and whether records wait with it. A kind is a metric label, so there are few. */
export const PAUSE_KINDS = {
  postgres: { waitsFor: 'Postgres', holdsRecords: true },
  kafka: { waitsFor: 'the Kafka brokers, to acknowledge', holdsRecords: true },
  'dead-letters': { waitsFor: 'the dead-letter topic', holdsRecords: true },
  schemas: { waitsFor: 'the schema registry', holdsRecords: true },
  reading: { waitsFor: 'the brokers that lead these partitions', holdsRecords: true },
  membership: { waitsFor: 'the consumer group, to answer heartbeats', holdsRecords: true },
  'taking-over': { waitsFor: 'Kafka and Postgres, to take tasks over', holdsRecords: true },
  partitions: { waitsFor: 'partitions that some inputs of a task have and others have not yet', holdsRecords: true },
  // It waits on purpose, and the log keeps what waits with it.
  breaker: { waitsFor: 'dependencies whose circuit breakers are open', holdsRecords: false },
  stuck: { waitsFor: 'what these partitions stand before', holdsRecords: true },
  // Part of life, and over in a moment: whoever asks whether the worker is ready need not know.
  rebalance: { waitsFor: 'the other members of the consumer group', holdsRecords: false },
  'projection-away': { waitsFor: 'Redis, or Postgres to compare it with', holdsRecords: false },
  'projection-building': { waitsFor: 'the projection, which is built from Postgres', holdsRecords: false }
} as const satisfies Readonly<Record<string, { readonly waitsFor: string, readonly holdsRecords: boolean }>>

export type PauseKind = keyof typeof PAUSE_KINDS

export interface Pause {
  readonly kind: PauseKind
  readonly waitsFor: string
  readonly reason: string
  /** When it began, as ISO 8601. */
  readonly since: string
  readonly attempts: number
  /** Which partitions it is about; empty: all that this process has. */
  readonly about: readonly string[]
}

export interface PauseListener {
  readonly began: (pause: Pause) => void
  readonly ended: (pause: Pause, seconds: number) => void
}

interface OpenPause {
  readonly since: number
  readonly startedAt: number
  attempts: number
  /** Why, by what it is about. */
  readonly reasons: Map<string, string>
}

/** All that holds this process up at the moment, one pause per kind: whoever waits says so, whoever observes reads here. */
export class Pauses {
  readonly #open = new Map<PauseKind, OpenPause>()
  readonly #listeners: PauseListener[] = []

  /** Said at each try: the first begins the pause, the others count. */
  waits (kind: PauseKind, reason: string, about = ''): void {
    const known = this.#open.get(kind)
    if (known !== undefined) {
      known.attempts++
      known.reasons.set(about, reason)
      return
    }
    const open = { since: Date.now(), startedAt: performance.now(), attempts: 1, reasons: new Map([[about, reason]]) }
    this.#open.set(kind, open)
    const pause = pauseOf(kind, open)
    for (const { began } of this.#listeners) began(pause)
  }

  /** Whatever it was about, or only as far as it was about this. Nothing happens where nobody waited. */
  over (kind: PauseKind, about?: string): void {
    const open = this.#open.get(kind)
    if (open === undefined) return
    const pause = pauseOf(kind, open)
    if (about !== undefined && (!open.reasons.delete(about) || open.reasons.size > 0)) return
    this.#open.delete(kind)
    for (const { ended } of this.#listeners) ended(pause, (performance.now() - open.startedAt) / 1_000)
  }

  of (kind: PauseKind): Pause | undefined {
    const open = this.#open.get(kind)
    return open === undefined ? undefined : pauseOf(kind, open)
  }

  /** The longest first. */
  list (): Pause[] {
    return [...this.#open].map(([kind, open]) => pauseOf(kind, open))
  }

  /** The longest of those that records wait for. */
  holdingRecords (): Pause | undefined {
    return this.list().find(({ kind }) => PAUSE_KINDS[kind].holdsRecords)
  }

  listen (listener: PauseListener): void {
    this.#listeners.push(listener)
  }
}

function pauseOf (kind: PauseKind, { since, attempts, reasons }: OpenPause): Pause {
  const [reason = ''] = reasons.values()
  return { kind, waitsFor: PAUSE_KINDS[kind].waitsFor, reason, since: new Date(since).toISOString(), attempts, about: [...reasons.keys()].filter(about => about !== '').sort() }
}
