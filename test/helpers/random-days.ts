import { createRandom, type Random } from '../../bin/sample-events.ts'
import { partitionFor } from '../../streams/log/partitioner.ts'
import { HOUR_MS } from './language.ts'

export interface FedRecord {
  readonly side: 'left' | 'right'
  readonly partition: number
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
}

export const PARTITIONS = 3

const usersOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`)

const FIRST_DAY_MS = Date.UTC(2026, 0, 1)

/**
 * Days of clicks for windows that are open for an hour more. A day's records lie within half an hour, so in whatever order the partitions are
 * read, and wherever a worker is killed, none is late. The next day begins with a record of each user and side, which closes all windows
 * of the day before; everything of a day is processed before that, and those records before the rest of their day. So what comes late
 * then, a record in ten, is late in any order.
 */
export function randomDays (seed: number, { days, records, sides, users: count }: { readonly days: number, readonly records: number, readonly sides: readonly FedRecord['side'][], readonly users: number }): readonly (readonly FedRecord[])[] {
  const random = createRandom(seed)
  const users = usersOf(count)
  let id = 0
  const click = (timestamp: number, side = random.pick(sides), user = random.pick(users)): FedRecord =>
    ({ side, partition: random.below(PARTITIONS), key: null, value: `${user}/${side}-${++id}`, timestamp })
  const steps = Array.from({ length: days }, (_, day) => [
    users.flatMap(user => sides.map(side => click(beginOf(day), side, user))),
    inDisorder(random, records).map(ms => click(day > 0 && random.chance(0.1) ? beginOf(day - 1) + ms : beginOf(day) + ms))
  ]).flat()
  return [...steps, users.flatMap(user => sides.map(side => click(beginOf(days), side, user)))]
}

function beginOf (day: number): number {
  return FIRST_DAY_MS + day * 24 * HOUR_MS
}

/** Behind the beginning of a day: they rise over half an hour, and jump to and fro by up to twenty seconds. */
function inDisorder (random: Random, count: number): number[] {
  return Array.from({ length: count }, (_, nth) => 60_000 + Math.floor(nth / count * HOUR_MS / 2) + random.below(20_000))
}

/** Lines of one to four words, of which few are frequent. */
export function randomLines (seed: number, records: number): FedRecord[] {
  const random = createRandom(seed)
  const word = (): string => `w${Math.floor(200 * random.next() ** 3)}`
  return inDisorder(random, records).map(ms => ({
    side: 'left', partition: random.below(PARTITIONS), key: null, value: Array.from({ length: 1 + random.below(4) }, word).join(' '), timestamp: FIRST_DAY_MS + ms
  }))
}

/** Changes of the rows of two tables, a deletion in ten; each key in its partition. */
export function randomRows (seed: number, { records, keysOf }: { readonly records: number, readonly keysOf: (side: FedRecord['side']) => readonly string[] }): FedRecord[] {
  const random = createRandom(seed)
  const users = usersOf(40)
  return inDisorder(random, records).map((ms, nth) => {
    const side = random.pick(['left', 'right'] as const)
    const key = random.pick(keysOf(side))
    return { side, partition: partitionFor(Buffer.from(key), PARTITIONS), key, value: random.chance(0.1) ? null : `${random.pick(users)}/${side}-${nth}`, timestamp: FIRST_DAY_MS + ms }
  })
}
