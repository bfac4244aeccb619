/** The keys that were added last: at least so many, at most twice as many. Plain sets, since every record asks. */
export class RecentKeys {
  readonly #size: number
  #newer = new Set<string>()
  #older = new Set<string>()

  constructor (size: number) {
    this.#size = size
  }

  has (key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key)
  }

  add (key: string): void {
    this.#newer.add(key)
    if (this.#newer.size < this.#size) return
    this.#older = this.#newer
    this.#newer = new Set()
  }

  delete (key: string): void {
    this.#newer.delete(key)
    this.#older.delete(key)
  }

  clear (): void {
    this.#newer.clear()
    this.#older.clear()
  }
}
