/** Keys of a leaf: so few that making room among them costs little. */
const MOST = 64
const FEW = MOST / 4

/** A stretch of neighbouring keys, in order, and their values beside them. */
interface Leaf<V> {
  readonly keys: string[]
  readonly values: V[]
}

/** A map whose keys are bytes, one per character: in this form JavaScript's order is the order of the bytes. */
export class SortedMap<V> {
  /** In order; none is empty. */
  #leaves: Leaf<V>[] = []
  /** The first key of each leaf. */
  #firsts: string[] = []
  #size = 0

  get size (): number {
    return this.#size
  }

  get (key: string): V | undefined {
    const leaf = this.#leaves[this.#leafOf(key)]
    if (leaf === undefined) return undefined
    const at = countBelow(leaf.keys, key)
    return leaf.keys[at] === key ? leaf.values[at] : undefined
  }

  set (key: string, value: V): void {
    const nth = Math.max(0, this.#leafOf(key))
    const leaf = this.#leaves[nth]
    if (leaf === undefined) {
      this.#leaves.push({ keys: [key], values: [value] })
      this.#firsts.push(key)
      this.#size = 1
      return
    }
    const at = countBelow(leaf.keys, key)
    if (leaf.keys[at] === key) {
      leaf.values[at] = value
      return
    }
    leaf.keys.splice(at, 0, key)
    leaf.values.splice(at, 0, value)
    this.#size++
    if (at === 0) this.#firsts[nth] = key
    // What grows at its end leaves full leaves behind.
    if (leaf.keys.length > MOST) this.#split(nth, leaf, at === MOST ? MOST : MOST / 2)
  }

  delete (key: string): boolean {
    const nth = this.#leafOf(key)
    const leaf = this.#leaves[nth]
    if (leaf === undefined) return false
    const at = countBelow(leaf.keys, key)
    if (leaf.keys[at] !== key) return false
    leaf.keys.splice(at, 1)
    leaf.values.splice(at, 1)
    this.#size--
    const [first] = leaf.keys
    if (first === undefined) this.#remove(nth)
    else {
      if (at === 0) this.#firsts[nth] = first
      if (leaf.keys.length < FEW) this.#join(nth, leaf)
    }
    return true
  }

  clear (): void {
    this.#leaves = []
    this.#firsts = []
    this.#size = 0
  }

  values (): V[] {
    return this.#leaves.flatMap(({ values }) => values)
  }

  /** The last one at or before this key. */
  atOrBefore (key: string): V | undefined {
    const leaf = this.#leaves[this.#leafOf(key)]
    if (leaf === undefined) return undefined
    const at = countBelow(leaf.keys, key)
    return leaf.values[leaf.keys[at] === key ? at : at - 1]
  }

  /** The last one before this key; undefined: of all. */
  before (key: string | undefined): V | undefined {
    if (key === undefined) return this.#leaves.at(-1)?.values.at(-1)
    const nth = this.#leafOf(key)
    const leaf = this.#leaves[nth]
    if (leaf === undefined) return undefined
    const at = countBelow(leaf.keys, key)
    return at > 0 ? leaf.values[at - 1] : this.#leaves[nth - 1]?.values.at(-1)
  }

  /** The first ones, or the last ones from the last on, with `from` ≤ key < `to`; `to` undefined: to the end. A list of its own, which later changes leave as it is. */
  page (from: string, to: string | undefined, { reverse, limit }: { readonly reverse: boolean, readonly limit: number }): V[] {
    return reverse ? this.#pageBefore(from, to, limit) : this.#pageFrom(from, to, limit)
  }

  #pageFrom (from: string, to: string | undefined, limit: number): V[] {
    const found: V[] = []
    for (let nth = Math.max(0, this.#leafOf(from)); found.length < limit; nth++) {
      const leaf = this.#leaves[nth]
      if (leaf === undefined) break
      const { keys, values } = leaf
      const begin = found.length === 0 ? countBelow(keys, from) : 0
      const end = to === undefined ? keys.length : countBelow(keys, to)
      for (const value of values.slice(begin, Math.min(end, begin + limit - found.length))) found.push(value)
      if (end < keys.length) break
    }
    return found
  }

  #pageBefore (from: string, to: string | undefined, limit: number): V[] {
    const found: V[] = []
    for (let nth = to === undefined ? this.#leaves.length - 1 : this.#leafOf(to); found.length < limit; nth--) {
      const leaf = this.#leaves[nth]
      if (leaf === undefined) break
      const { keys, values } = leaf
      const begin = countBelow(keys, from)
      const end = to === undefined ? keys.length : countBelow(keys, to)
      for (const value of values.slice(Math.max(begin, end - limit + found.length), Math.max(begin, end)).reverse()) found.push(value)
      if (begin > 0) break
    }
    return found
  }

  /** The only one that may hold the key; −1: it stands before all. */
  #leafOf (key: string): number {
    const nth = countBelow(this.#firsts, key)
    return this.#firsts[nth] === key ? nth : nth - 1
  }

  #split (nth: number, { keys, values }: Leaf<V>, at: number): void {
    const [behindKeys, behindValues] = [keys.splice(at), values.splice(at)]
    const [first] = behindKeys
    if (first === undefined) return
    this.#leaves.splice(nth + 1, 0, { keys: behindKeys, values: behindValues })
    this.#firsts.splice(nth + 1, 0, first)
  }

  /** With its neighbour, where both are half a leaf at most. */
  #join (nth: number, leaf: Leaf<V>): void {
    const next = this.#leaves[nth + 1]
    if (next === undefined || leaf.keys.length + next.keys.length > MOST / 2) return
    leaf.keys.push(...next.keys)
    leaf.values.push(...next.values)
    this.#remove(nth + 1)
  }

  #remove (nth: number): void {
    this.#leaves.splice(nth, 1)
    this.#firsts.splice(nth, 1)
  }
}

/** How many of the keys, which are in order, stand before this one. */
function countBelow (keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const found = keys[middle]
    if (found !== undefined && found < key) low = middle + 1
    else high = middle
  }
  return low
}

/** The key right behind this one. */
export function behind (key: string): string {
  return key + '\0'
}
