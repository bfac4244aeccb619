import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Pauses } from '../pauses.ts'

/** What keeps the same records from being committed. */
export interface Trouble {
  /** How often they were tried. */
  readonly attempts: number
  readonly error: string
  /** The node that asked for what it was not given; undefined where the unit's commit failed. */
  readonly node: string | undefined
}

type Kind = 'postgres' | 'kafka' | 'dead-letters' | 'schemas'

const FIRST_BACKOFF_MS = 25
/** Short, so that work goes on within a second of the dependency's return. */
const LONGEST_BACKOFF_MS = 1_000

/** How often the records in hand were tried, and how long to wait before they are tried again. */
export class Patience {
  readonly #clock: Clock
  readonly #pauses: Pauses
  #backoffMs = FIRST_BACKOFF_MS
  #trouble: Trouble | undefined

  constructor (clock: Clock, pauses: Pauses) {
    this.#clock = clock
    this.#pauses = pauses
  }

  /** undefined: the last unit was committed. */
  get trouble (): Trouble | undefined {
    return this.#trouble
  }

  failedAgain (error: unknown, node: string | undefined): void {
    const message = error === undefined ? 'another writer was first' : messageOf(error)
    this.#trouble = { attempts: (this.#trouble?.attempts ?? 0) + 1, error: message, node }
  }

  /** Nothing is waited for any more. */
  goOn (): void {
    this.#trouble = undefined
    this.#backoffMs = FIRST_BACKOFF_MS
    for (const kind of ['postgres', 'kafka', 'dead-letters', 'schemas'] as const) this.#pauses.over(kind)
  }

  async waitOut (kind: Kind, reason: string): Promise<void> {
    this.#pauses.waits(kind, reason)
    // Half fixed, half drawn: workers that lost the same database do not come back in step.
    const delayMs = this.#backoffMs * (0.5 + Math.random() / 2)
    this.#backoffMs = Math.min(LONGEST_BACKOFF_MS, this.#backoffMs * 2)
    await this.#clock.sleep(delayMs)
  }
}
