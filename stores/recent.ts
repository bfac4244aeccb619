import QuickLRU from 'quick-lru'

export interface RecentOptions {
  /** How old a value may be, counted from when it was asked for. */
  readonly keptMs: number
  /** The cache has two generations, so at times it holds up to twice as many. */
  readonly maxSize: number
  /** Milliseconds on any clock that does not jump; for tests. */
  readonly now?: () => number
}

interface Held<V> {
  readonly at: number
  value: V | Promise<V>
}

/** Values that were asked for a moment ago, and those that are on their way: who wants the same meanwhile shares one question. */
export class Recent<K, V> {
  readonly #held: QuickLRU<K, Held<V>>
  readonly #keptMs: number
  readonly #now: () => number

  constructor ({ keptMs, maxSize, now = () => performance.now() }: RecentOptions) {
    this.#held = new QuickLRU({ maxSize })
    this.#keptMs = keptMs
    this.#now = now
  }

  /** A promise while the value is on its way; it rejects as the question does. */
  find (key: K): V | Promise<V> | undefined {
    const held = this.#held.get(key)
    return held !== undefined && this.#now() - held.at < this.#keptMs ? held.value : undefined
  }

  /** From now on `key` is answered with this; a failure is not kept. */
  hold (key: K, coming: Promise<V>): void {
    const held: Held<V> = { at: this.#now(), value: coming }
    this.#held.set(key, held)
    coming.then(value => { held.value = value }, () => {
      if (this.#held.peek(key) === held) this.#held.delete(key)
    })
  }

  /** Also of what is on its way: it still reaches who waits for it, and nobody else. */
  clear (): void {
    this.#held.clear()
  }
}
