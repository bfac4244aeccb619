import type { TaskPosition } from '../state/state.ts'
import { JournaledNumber } from './stores/journal.ts'

/** The numbers that a task keeps beside its position, as the records prepared so far have left them. */
export class TaskTimes {
  readonly streamTime = new JournaledNumber(-1)
  readonly #cells: JournaledNumber[] = []
  /** How often units had been undone when this was last level with the position; see `levelWith`. */
  #undone = -1

  /** When units were undone since, the position says what is left: none is in flight then. */
  levelWith (undone: number, { streamTime, times }: TaskPosition, names: readonly string[]): void {
    if (this.#undone === undone) return
    this.#undone = undone
    this.streamTime.restore(streamTime)
    for (const [index, name] of names.entries()) this.#cells[index] = new JournaledNumber(times[name] ?? -1)
  }

  /** By the index of its name. */
  cell (index: number): JournaledNumber {
    const cell = this.#cells[index]
    if (cell === undefined) throw new TypeError('A time of a task is asked for when the graph is wired, not while records are run.')
    return cell
  }

  /** As the position keeps them. */
  toPosition (names: readonly string[]): Record<string, number> {
    return Object.fromEntries(names.flatMap((name, index) => this.cell(index).value === -1 ? [] : [[name, this.cell(index).value]]))
  }
}
