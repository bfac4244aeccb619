import { hashOf } from '../../stores/item-table.ts'
import type { Related } from '../../stores/reco-features.ts'

export interface RelatedItem {
  readonly member: string
  readonly count: number
  readonly incoming: number
  readonly popularity: number
}

/** The columns of what a test writes row by row. */
export function relatedOf (rows: readonly RelatedItem[]): Related {
  return {
    members: rows.map(({ member }) => member),
    hashes: rows.map(({ member }) => hashOf(member)),
    counts: rows.map(({ count }) => count),
    incoming: rows.map(({ incoming }) => incoming),
    popularity: rows.map(({ popularity }) => popularity)
  }
}
