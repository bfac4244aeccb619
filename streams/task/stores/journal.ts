/** Something that a record may change and that is no entry of a map. */
export interface Restorable<P> {
  // A method, so that one journal takes them all: each is given back what it gave.
  restore (previous: P): void
}

/** Remembers what the stores held before a record changed them, so that the record can be undone alone. One for all stores of a process. */
export class Journal {
  readonly #targets: (Map<string, unknown> | Restorable<unknown>)[] = []
  /** Of a map. */
  readonly #keys: string[] = []
  readonly #previous: unknown[] = []
  /** The arrays are overwritten, not emptied: this runs for every record. */
  #length = 0

  /** `previous` is what the map holds under the key: the caller has mostly just looked. */
  set<V> (map: Map<string, V>, key: string, value: V, previous: V | undefined): void {
    const at = this.#length++
    this.#targets[at] = map
    this.#keys[at] = key
    this.#previous[at] = previous
    map.set(key, value)
  }

  /** To be called before `target` changes: when the record is undone, it is given `previous` back. */
  note<P> (target: Restorable<P>, previous: P): void {
    const at = this.#length++
    this.#targets[at] = target
    this.#keys[at] = ''
    this.#previous[at] = previous
  }

  /** How far it has come: what is noted from here on can be undone without what was noted before. */
  get length (): number {
    return this.#length
  }

  /** The record is done; what it changed stays. */
  forget (): void {
    this.#length = 0
  }

  undo (to = 0): void {
    while (this.#length > to) {
      const at = --this.#length
      const target = this.#targets[at]
      const key = this.#keys[at]
      if (target === undefined || key === undefined) continue
      if (!(target instanceof Map)) target.restore(this.#previous[at])
      else if (this.#previous[at] === undefined) target.delete(key)
      else target.set(key, this.#previous[at])
    }
  }
}

/** A number that goes back with the record that changed it. */
export class JournaledNumber implements Restorable<number> {
  #value: number

  constructor (value: number) {
    this.#value = value
  }

  get value (): number {
    return this.#value
  }

  set (value: number, journal: Journal): void {
    if (value === this.#value) return
    journal.note(this, this.#value)
    this.#value = value
  }

  restore (previous: number): void {
    this.#value = previous
  }
}
