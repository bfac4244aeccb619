/** Remembers what a map held before a record changed it, so that the record can be undone alone. */
export class Journal<V> {
  readonly #keys: string[] = []
  readonly #previous: (V | undefined)[] = []

  set (map: Map<string, V>, key: string, value: V): void {
    this.#keys.push(key)
    this.#previous.push(map.get(key))
    map.set(key, value)
  }

  forget (): void {
    this.#keys.length = 0
    this.#previous.length = 0
  }

  undo (map: Map<string, V>): void {
    for (let index = this.#keys.length - 1; index >= 0; index--) {
      const key = this.#keys[index]
      const previous = this.#previous[index]
      if (key === undefined) continue
      if (previous === undefined) map.delete(key)
      else map.set(key, previous)
    }
    this.forget()
  }
}
