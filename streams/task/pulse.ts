import type { WatchedSource } from './watched-source.ts'

/** Where the thread that runs records is, as another thread sees it. */
export interface Beat {
  /** Another number for each run of a record. */
  readonly run: number
  /** Number of the topic: those that sources read by name first, in their order, then those that patterns have found. */
  readonly source: number
  readonly partition: number
  readonly offset: number
  /** Index of the node among the topology's. */
  readonly node: number
}

const RUN = 0
const SOURCE = 1
const PARTITION = 2
const NODE = 3
const OFFSET_BYTE = 16
const BYTES = 24
const IDLE = 0
const MAX_RUN = 0x7fff_ffff

/**
 * Tells other threads, through shared memory, which record is in which node. It is written for every record and node: a few
 * stores of integers, one of them ordered, so that whoever sees a run sees its coordinates.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer
  readonly #integers: Int32Array
  readonly #offset: Float64Array
  #run = IDLE
  readonly #found: WatchedSource[] = []
  #told: (source: WatchedSource) => void = () => {}

  constructor (memory = new SharedArrayBuffer(BYTES)) {
    this.memory = memory
    this.#integers = new Int32Array(memory, 0, 4)
    this.#offset = new Float64Array(memory, OFFSET_BYTE, 1)
  }

  /** A pattern has found a topic; the next number is its. */
  found (source: WatchedSource): void {
    this.#found.push(source)
    this.#told(source)
  }

  /** Calls back for each topic that was found, in the order of their numbers, those too that were before. */
  whenFound (told: (source: WatchedSource) => void): void {
    this.#told = told
    this.#found.forEach(told)
  }

  begin (source: number, partition: number, offset: number, node: number): void {
    this.#integers[SOURCE] = source
    this.#integers[PARTITION] = partition
    this.#integers[NODE] = node
    this.#offset[0] = offset
    this.#run = this.#run === MAX_RUN ? 1 : this.#run + 1
    Atomics.store(this.#integers, RUN, this.#run)
  }

  enter (node: number): void {
    this.#integers[NODE] = node
  }

  end (): void {
    Atomics.store(this.#integers, RUN, IDLE)
  }

  /** undefined: no record is in a node. */
  read (): Beat | undefined {
    const run = Atomics.load(this.#integers, RUN)
    if (run === IDLE) return undefined
    const [, source = 0, partition = 0, node = 0] = this.#integers
    return { run, source, partition, node, offset: this.#offset[0] ?? 0 }
  }
}
