import type { StreamRecord } from '../../streams/graph/record.ts'
import { addCounts } from '../../streams/state/postgres/counter-sql.ts'
import { moveLists } from '../../streams/state/postgres/list-sql.ts'
import { insertRows } from '../../streams/state/postgres/rows-sql.ts'
import type { StoreStates } from '../../streams/task/stores/store-states.ts'
import { coVisitation } from '../../stores/co-visitation.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'

/** What the nodes do with the stores for a watch, without the nodes. What it writes is to be undone. */
export function touchCache (stores: StoreStates, decoded: readonly StreamRecord[]): void {
  const [histories, links, popularity] = [stores.writer(userHistory), stores.writer(coVisitation), stores.writer(itemPopularity)]
  for (const { value } of decoded) {
    if (typeof value !== 'object' || value === null || !('user_id' in value && 'item_id' in value)) continue
    const { user_id: user, item_id: item } = value
    if (typeof user !== 'string' || typeof item !== 'string') continue
    stores.beginRecord(0)
    popularity.add({ item_id: item }, 1)
    // Users of a broken record may never have been read.
    try {
      const previous = histories.newest({ user_id: user })
      if (previous !== undefined) links.add({ prev_item_id: previous.item_id, next_item_id: item }, 1)
      histories.append({ user_id: user }, { item_id: item, ts: 0 }, { keep: 20 })
    } catch {
      stores.undoRecord()
    }
    stores.endRecord()
  }
}

/** What the sealed unit writes, as the values of its statements. */
export function encodeWrites (schema: string, stores: StoreStates): void {
  for (const write of stores.writes()) {
    switch (write.kind) {
      case 'rows': insertRows(schema, write); break
      case 'counter': addCounts(schema, write); break
      case 'list': moveLists(schema, write); break
      default: throw new TypeError(`The recommender has no ${write.kind} stores.`)
    }
  }
}
