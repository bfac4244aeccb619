import btree from 'sorted-btree'

// The package is CommonJS, so its class is the `default` of what is imported.
const BTree = btree.default

/** A map whose keys are bytes, one per character: in this form JavaScript's order is the order of the bytes. */
export class SortedMap<V> {
  readonly #tree = new BTree<string, V>(undefined, byBytes)

  get size (): number {
    return this.#tree.size
  }

  get (key: string): V | undefined {
    return this.#tree.get(key)
  }

  set (key: string, value: V): void {
    this.#tree.set(key, value)
  }

  delete (key: string): boolean {
    return this.#tree.delete(key)
  }

  clear (): void {
    this.#tree.clear()
  }

  values (): V[] {
    return this.#tree.valuesArray()
  }

  /** The last one at or before this key. */
  atOrBefore (key: string): V | undefined {
    return this.#tree.getPairOrNextLower(key)?.[1]
  }

  /** The last one before this key; undefined: of all. */
  before (key: string | undefined): V | undefined {
    return this.#tree.nextLowerPair(key)?.[1]
  }

  /** The first ones, or the last ones from the last on, with `from` ≤ key < `to`; `to` undefined: to the end. A list of its own, which later changes leave as it is. */
  page (from: string, to: string | undefined, { reverse, limit }: { readonly reverse: boolean, readonly limit: number }): V[] {
    const found: V[] = []
    if (reverse) {
      for (const [key, value] of this.#tree.entriesReversed(to, undefined, true)) {
        if (key < from || found.length === limit) break
        found.push(value)
      }
      return found
    }
    const last = to ?? this.#tree.maxKey()
    if (last === undefined) return found
    this.#tree.forRange(from, last, to === undefined, (_key, value) => {
      found.push(value)
      return found.length === limit ? STOP : undefined
    })
    return found
  }
}

const STOP = { break: true }

function byBytes (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The key right behind this one. */
export function behind (key: string): string {
  return key + '\0'
}
