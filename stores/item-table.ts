/** For `ItemTable`: worked out once for an item that is looked up often. */
export function hashOf (item: string): number {
  // FNV-1a of its UTF-16 units.
  let hash = 0x811c9dc5
  for (let index = 0; index < item.length; index++) hash = Math.imul(hash ^ item.charCodeAt(index), 0x01000193)
  return hash ^ hash >>> 15
}

/** Places for items, at first; few requests have more than half as many. */
const PLACES = 4_096

/**
 * Numbers items from 0, in the order in which they come. A request brings up to 2,000 of them, so a Map of its own, which grows step by
 * step and works out every hash anew, costs more than what is looked up in it; this one is emptied and used again.
 */
export class ItemTable {
  /** By number; what stands beyond `size` is left from before. */
  readonly items: string[] = []
  size = 0
  readonly #hashes: number[] = []
  /** Open addressing: one more than the number, 0 where a place is free. */
  #places = new Int32Array(PLACES)

  clear (): void {
    this.#places.fill(0)
    this.size = 0
  }

  /** The number of an item; what was `size` before where it is new. */
  numberOf (item: string, hash: number): number {
    const place = this.#placeOf(item, hash)
    const known = this.#places[place] ?? 0
    if (known > 0) return known - 1
    const number = this.size++
    this.#places[place] = this.size
    this.items[number] = item
    this.#hashes[number] = hash
    if (2 * this.size > this.#places.length) this.#grow()
    return number
  }

  /** Where an item stands, or the free place where it would. */
  #placeOf (item: string, hash: number): number {
    const places = this.#places
    const mask = places.length - 1
    let place = hash & mask
    for (let known = places[place] ?? 0; known > 0; known = places[place] ?? 0) {
      if (this.#hashes[known - 1] === hash && this.items[known - 1] === item) break
      place = (place + 1) & mask
    }
    return place
  }

  #grow (): void {
    this.#places = new Int32Array(2 * this.#places.length)
    for (let number = 0; number < this.size; number++) this.#places[this.#placeOf(this.items[number] ?? '', this.#hashes[number] ?? 0)] = number + 1
  }
}
