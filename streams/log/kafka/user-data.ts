import type { TopicPartition } from '../log.ts'

/** What a member tells the leader with every join: what it held, and since which generation. */
export interface Holdings {
  readonly generation: number
  readonly owned: ReadonlyMap<string, readonly number[]>
}

export const nothingHeld: Holdings = { generation: -1, owned: new Map() }

export function holdingsOf (generation: number, partitions: readonly TopicPartition[]): Holdings {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic)
  return { generation, owned: new Map([...byTopic].map(([topic, held]) => [topic, held.map(({ partition }) => partition)])) }
}

export function encodeHoldings ({ generation, owned }: Holdings): Buffer {
  return Buffer.from(JSON.stringify({ generation, owned: Object.fromEntries(owned) }))
}

/** What cannot be read (another version, another program) held nothing: it costs stickiness, never the rebalance. */
export function decodeHoldings (userData: Buffer | string | null | undefined): Holdings {
  try {
    const data: unknown = JSON.parse(String(userData))
    if (typeof data !== 'object' || data === null || !('generation' in data) || !('owned' in data)) return nothingHeld
    const { generation, owned } = data
    if (typeof generation !== 'number' || typeof owned !== 'object' || owned === null) return nothingHeld
    return { generation, owned: new Map(Object.entries(owned).filter(isOwned)) }
  } catch {
    return nothingHeld
  }
}

function isOwned (entry: [string, unknown]): entry is [string, number[]] {
  return Array.isArray(entry[1]) && entry[1].every(partition => Number.isInteger(partition))
}
