/**
 * A Java TreeSet whose members change after they were put in: each is compared as things stand when it arrives, and never
 * moves again. (Unlike Java's this tree is not rebalanced, which more than three members would show.)
 */
export class ArrivalOrder<T> {
  readonly #isBefore: (a: T, b: T) => boolean
  #root: Branch<T> | undefined

  constructor (isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  add (value: T): void {
    if (this.#root === undefined) {
      this.#root = { value, before: undefined, after: undefined }
      return
    }
    let at = this.#root
    while (true) {
      const side = this.#isBefore(value, at.value) ? 'before' : 'after'
      const next = at[side]
      if (next === undefined) {
        at[side] = { value, before: undefined, after: undefined }
        return
      }
      at = next
    }
  }

  values (): T[] {
    return walk(this.#root)
  }
}

interface Branch<T> {
  readonly value: T
  before: Branch<T> | undefined
  after: Branch<T> | undefined
}

function walk<T> (branch: Branch<T> | undefined): T[] {
  return branch === undefined ? [] : [...walk(branch.before), branch.value, ...walk(branch.after)]
}
