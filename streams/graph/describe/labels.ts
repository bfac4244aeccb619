import type { Topic } from '../topic.ts'
import type { WindowNumbers } from '../../stores/store-contents.ts'
import type { Store } from '../../stores/store.ts'

/** A topic's name, and what its keys and values are. How many partitions it has only an internal topic's definition can tell. */
export function topicLabel ({ name, key, value, internal, partitions }: Topic): string[] {
  const types = `${key.name} → ${value.name}`
  if (!internal) return [name, types]
  if (typeof partitions === 'number') return [name, `${types}, ${partitions} partitions`]
  return [name, partitions === undefined ? `${types}, partitions as its writers need` : `${types}, as many partitions as ${partitions.name}`]
}

/** A store's name, and what is in it for how long. */
export function storeLabel (store: Store): string[] {
  if (store.kind !== 'ordered') return [store.name, store.kind]
  const { contents } = store
  if (contents === undefined) return [store.name, `ordered: ${store.value.name}`]
  const { shape, key, value, retentionMs, windows } = contents
  const size = windows === undefined ? '' : ` of ${windowsLabel(windows)}`
  const kept = retentionMs === undefined || retentionMs === Number.MAX_SAFE_INTEGER ? '' : `, kept ${duration(retentionMs)}`
  return [store.name, `${shape}${size}: ${key.name} → ${value.name}${kept}`]
}

function windowsLabel (windows: WindowNumbers): string {
  const lengths = Object.entries(windows).flatMap(([name, value]) => typeof value === 'number' && name !== 'graceMs' ? [duration(value)] : [])
  return [...new Set(lengths)].join('/')
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]] as const

/** In the largest unit that it is a whole number of. */
export function duration (ms: number): string {
  for (const [unit, length] of UNITS) if (ms !== 0 && ms % length === 0) return `${ms / length} ${unit}`
  return `${ms} ms`
}
