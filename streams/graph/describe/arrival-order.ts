/**
 * A Java TreeSet whose members change after they were put in: each is compared as things stand when it arrives, and never
 * moves again. Whom it is compared with depends on the shape of the tree, so this is a red-black tree like Java's.
 */
export class ArrivalOrder<T> {
  readonly #isBefore: (a: T, b: T) => boolean
  #root: Branch<T> | undefined

  constructor (isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  add (value: T): void {
    const added: Branch<T> = { value, isRed: true, up: undefined, before: undefined, after: undefined }
    let at = this.#root
    while (at !== undefined) {
      if (at.value === value) return
      added.up = at
      at = at[this.#isBefore(value, at.value) ? 'before' : 'after']
    }
    if (added.up === undefined) this.#root = added
    else added.up[this.#isBefore(value, added.up.value) ? 'before' : 'after'] = added
    this.#balance(added)
  }

  values (): T[] {
    return walk(this.#root)
  }

  /** No red branch hangs on a red one, and all ways down pass as many black ones: recolour where the uncle is red, turn where it is black. */
  #balance (added: Branch<T>): void {
    let at = added
    while (at.up?.isRed === true && at.up.up !== undefined) {
      const top = at.up.up
      const side = at.up === top.before ? 'before' : 'after'
      const uncle = top[OTHER[side]]
      top.isRed = true
      if (uncle?.isRed === true) {
        uncle.isRed = false
        at.up.isRed = false
        at = top
        continue
      }
      if (at === at.up[OTHER[side]]) {
        at = at.up
        this.#turn(at, side)
      }
      if (at.up !== undefined) at.up.isRed = false
      this.#turn(top, OTHER[side])
    }
    if (this.#root !== undefined) this.#root.isRed = false
  }

  /** A branch goes down on one side, and the one on its other side takes its place. */
  #turn (down: Branch<T>, side: Side): void {
    const rising = down[OTHER[side]]
    if (rising === undefined) return
    const between = rising[side]
    down[OTHER[side]] = between
    if (between !== undefined) between.up = down
    rising.up = down.up
    if (down.up === undefined) this.#root = rising
    else down.up[down === down.up.before ? 'before' : 'after'] = rising
    rising[side] = down
    down.up = rising
  }
}

type Side = 'before' | 'after'

const OTHER = { before: 'after', after: 'before' } as const

interface Branch<T> {
  readonly value: T
  isRed: boolean
  up: Branch<T> | undefined
  before: Branch<T> | undefined
  after: Branch<T> | undefined
}

function walk<T> (branch: Branch<T> | undefined): T[] {
  return branch === undefined ? [] : [...walk(branch.before), branch.value, ...walk(branch.after)]
}
