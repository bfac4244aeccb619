/** Too many wait already, or the wait was too long. */
export class CrowdedError extends Error {
  override readonly name = 'CrowdedError'
}

export interface TurnstileOptions {
  /** How many run side by side. */
  readonly atOnce: number
  /** How many may wait for them; who comes after is turned away at once. */
  readonly waiting: number
  /** How long one may wait. */
  readonly waitMs: number
}

/** Lets work through in the order in which it came, so much at once, and turns away what would only pile up. */
export class Turnstile {
  readonly #options: TurnstileOptions
  readonly #queue = new Set<() => void>()
  #running = 0

  constructor (options: TurnstileOptions) {
    this.#options = options
  }

  /** Rejects with `CrowdedError` where the work was not begun. */
  async run<T> (work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#options.atOnce) this.#running++
    else await this.#turn()
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  /** Whoever leaves hands its place over, so `#running` stays as it is. */
  async #turn (): Promise<void> {
    const { waiting, waitMs } = this.#options
    if (this.#queue.size >= waiting) throw new CrowdedError(`${waiting} wait already.`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      this.#queue.delete(enter)
      reject(new CrowdedError(`There was no turn within ${waitMs} ms.`))
    }, waitMs)
    const enter = (): void => {
      clearTimeout(timer)
      resolve()
    }
    this.#queue.add(enter)
    await promise
  }

  #next (): void {
    const [first] = this.#queue
    if (first === undefined) {
      this.#running--
      return
    }
    this.#queue.delete(first)
    first()
  }
}
