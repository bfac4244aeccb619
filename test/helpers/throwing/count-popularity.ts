import { countPopularity as original } from '../../../processors/count-popularity.ts'

/** The item that the processor cannot stand. */
export const THROWING_ITEM = 'makes the processor throw'

/** The processor, and behind all that it does, a failure. */
export function countPopularity (stores: Parameters<typeof original>[0]): ReturnType<typeof original> {
  const processor = original(stores)
  return {
    ...processor,
    process (record, context) {
      processor.process(record, context)
      if (record.value.item_id === THROWING_ITEM) throw new RangeError('cannot count this')
    }
  }
}
