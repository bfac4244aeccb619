import type { TopicPartition } from '../log.ts'

/** What a member tells the leader with every join: what it held, since which generation, and what it reads by pattern. */
export interface Holdings {
  readonly generation: number
  readonly owned: ReadonlyMap<string, readonly number[]>
  /** Ids of patterns. */
  readonly patterns: readonly string[]
}

export const nothingHeld: Holdings = { generation: -1, owned: new Map(), patterns: [] }

export function holdingsOf (generation: number, partitions: readonly TopicPartition[]): Omit<Holdings, 'patterns'> {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  return { generation, owned: new Map([...byTopic].map(([topic, held]) => [topic, held.map(({ partition }) => partition)])) }
}

export function encodeHoldings ({ generation, owned, patterns }: Holdings): Buffer {
  return Buffer.from(JSON.stringify({ generation, owned: Object.fromEntries(owned), patterns }))
}

/** What cannot be read (another version, another program) held nothing: it costs stickiness, never the rebalance. */
export function decodeHoldings (userData: Buffer | string | null | undefined): Holdings {
  try {
    const data: unknown = JSON.parse(String(userData))
    if (typeof data !== 'object' || data === null || !('generation' in data) || !('owned' in data)) return nothingHeld
    const { generation, owned } = data
    if (typeof generation !== 'number' || typeof owned !== 'object' || owned === null) return nothingHeld
    const patterns = 'patterns' in data && Array.isArray(data.patterns) ? data.patterns.map(String) : []
    return { generation, owned: new Map(Object.entries(owned).filter(isOwned)), patterns }
  } catch {
    return nothingHeld
  }
}

function isOwned (entry: [string, unknown]): entry is [string, number[]] {
  return Array.isArray(entry[1]) && entry[1].every(partition => Number.isInteger(partition))
}
