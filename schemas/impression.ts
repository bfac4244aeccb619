import Type, { type Static } from 'typebox'
import { defineEventContract, isRecord, type EventContract } from './contract.ts'
import { eventFields, ItemId, optional, optionalName } from './fields.ts'
import type { Mistake } from './mistakes.ts'
import type { ContractSettings } from './settings.ts'

export type ImpressionItem = Static<typeof ImpressionItem>
export const ImpressionItem = Type.Object({
  item_id: ItemId,
  position: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Place in the list that was shown, from 0.' }),
  feed_id: optional(Type.String()),
  slot: optional(Type.String())
})

/** A list of items that a user was shown. */
export type Impression = Static<typeof Impression>
export const Impression = Type.Object({
  ...eventFields,
  event_type: optionalName('impression'),
  items: Type.Array(ImpressionItem, { minItems: 1, maxItems: 500 })
})

/** What `TOPIC_IMPRESSION` may hold. */
export function impressionContract (settings: ContractSettings): EventContract<Impression> {
  return defineEventContract({ name: 'impression', schema: Impression, timeField: 'ts_ms', settings, furtherMistakes: repetitions })
}

const NO_MISTAKES: readonly Mistake[] = []

/** Each row of an impression is stored under its position, and an item is shown once: neither may repeat. */
function repetitions ({ items }: Readonly<Record<string, unknown>>): readonly Mistake[] {
  if (!Array.isArray(items)) return NO_MISTAKES
  const positions = items.map(item => isRecord(item) ? item.position : undefined)
  const ids = items.map(item => isRecord(item) ? item.item_id : undefined)
  if (isUnique(positions) && isUnique(ids)) return NO_MISTAKES
  return [...repeated(positions, 'position'), ...repeated(ids, 'item_id')]
}

/** Up to here comparing each with each is cheaper than building a set. */
const FEW = 16

function isUnique (values: readonly unknown[]): boolean {
  if (values.length > FEW) return new Set(values).size === values.length
  for (let i = 1; i < values.length; i++) {
    if (values.indexOf(values[i]) < i) return false
  }
  return true
}

function repeated (values: readonly unknown[], field: string): readonly Mistake[] {
  const mistakes: Mistake[] = []
  for (const [index, value] of values.entries()) {
    const first = values.indexOf(value)
    if (value !== undefined && first < index) mistakes.push({ path: `items[${index}].${field}`, message: `found ${String(value)} again, which items[${first}] has; wanted each once` })
  }
  return mistakes
}
