/** Remembers what the stores' maps held before a record changed them, so that the record can be undone alone. One for all stores of a process. */
export class Journal {
  readonly #maps: Map<string, unknown>[] = []
  readonly #keys: string[] = []
  readonly #previous: unknown[] = []
  /** The arrays are overwritten, not emptied: this runs for every record. */
  #length = 0

  set<V> (map: Map<string, V>, key: string, value: V): void {
    const at = this.#length++
    this.#maps[at] = map
    this.#keys[at] = key
    this.#previous[at] = map.get(key)
    map.set(key, value)
  }

  /** The record is done; what it changed stays. */
  forget (): void {
    this.#length = 0
  }

  undo (): void {
    while (this.#length > 0) {
      const at = --this.#length
      const map = this.#maps[at]
      const key = this.#keys[at]
      if (map === undefined || key === undefined) continue
      if (this.#previous[at] === undefined) map.delete(key)
      else map.set(key, this.#previous[at])
    }
  }
}
