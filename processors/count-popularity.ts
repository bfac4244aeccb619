import { Interaction } from '../schemas/interaction.ts'
import type { itemPopularity } from '../stores/item-popularity.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Adds the signal's weight to the item's score.
 *
 * Delivered twice: counts twice; it stands behind a node that lets only new events pass.
 */
export function countPopularity ({ into }: { readonly into: typeof itemPopularity }) {
  return defineProcessor({
    name: 'count-popularity',
    input: Interaction,
    output: Interaction,
    stores: { popularity: into },
    process (record, { stores, forward }) {
      stores.popularity.add({ item_id: record.value.item_id }, record.value.weight)
      forward(record)
    }
  })
}
