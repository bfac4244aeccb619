/**
 * Counts of a union's members, in the order of their first appearance. Who goes through the values in that order needs no table by member,
 * which costs more than all else of an answer; it is made when somebody first asks for one.
 */
export class UnionCounts implements ReadonlyMap<string, number> {
  readonly #members: () => ReadonlySet<string>
  readonly #counts: readonly number[]
  #byMember: ReadonlyMap<string, number> | undefined

  /** `members`: asked for at most once. */
  constructor (members: () => ReadonlySet<string>, counts: readonly number[]) {
    this.#members = members
    this.#counts = counts
  }

  get size (): number {
    return this.#counts.length
  }

  get (member: string): number | undefined {
    return this.#table.get(member)
  }

  has (member: string): boolean {
    return this.#table.has(member)
  }

  values (): MapIterator<number> {
    return this.#counts.values()
  }

  keys (): MapIterator<string> {
    return this.#table.keys()
  }

  entries (): MapIterator<[string, number]> {
    return this.#table.entries()
  }

  [Symbol.iterator] (): MapIterator<[string, number]> {
    return this.entries()
  }

  forEach (visit: (count: number, member: string, counts: ReadonlyMap<string, number>) => void): void {
    this.#table.forEach((count, member) => visit(count, member, this))
  }

  get #table (): ReadonlyMap<string, number> {
    this.#byMember ??= new Map([...this.#members()].map((member, index) => [member, this.#counts[index] ?? 0]))
    return this.#byMember
  }
}
