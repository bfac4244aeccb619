import type { LogRecord } from '../../streams/index.ts'
import type { ModelRecord } from '../../test/helpers/model.ts'

export interface Records {
  readonly log: readonly LogRecord[]
  readonly model: readonly ModelRecord[]
}

/** Without those that repeat an earlier one: a unit that meets one is run again, and would count twice. Offsets begin at 0 again. */
export function recordsOnce (records: readonly ModelRecord[]): Records {
  // A repeated record is the earlier one's bytes.
  const seen = new Set<Buffer | null>()
  const offsets = new Map<string, number>()
  const model = records.flatMap(record => {
    if (seen.has(record.value)) return []
    seen.add(record.value)
    const place = `${record.topic}/${record.partition}`
    const offset = offsets.get(place) ?? 0
    offsets.set(place, offset + 1)
    return [{ ...record, offset }]
  })
  return { model, log: model.map(({ key, ...record }) => ({ ...record, key: key === null ? null : Buffer.from(key), headers: [] })) }
}
