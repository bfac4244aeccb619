import { isNumbered } from '../numbered.ts'
import type { StoreShape, WindowNumbers } from '../../stores/store-contents.ts'
import type { Store } from '../../stores/store.ts'

export interface StoreJson {
  readonly name: string
  readonly kind: Store['kind']
  /** Columns of the table's key. */
  readonly key: readonly string[]
  /** Given by the topology's author, and not numbered. */
  readonly named: boolean
  /** What an operator keeps in it; null: a processor's own. */
  readonly shape: StoreShape | null
  /** Names of the serdes; null where the columns say it. */
  readonly keySerde: string | null
  readonly valueSerde: string | null
  /** null: what nobody deletes stays. */
  readonly retentionMs: number | null
  readonly windows: WindowNumbers | null
}

export function storeAsJson (store: Store): StoreJson {
  const contents = store.kind === 'ordered' ? store.contents : undefined
  return {
    name: store.name,
    kind: store.kind,
    key: store.key,
    named: !isNumbered(store.name),
    shape: contents?.shape ?? null,
    keySerde: contents?.key.name ?? null,
    valueSerde: contents?.value.name ?? (store.kind === 'ordered' ? store.value.name : null),
    retentionMs: contents?.retentionMs ?? null,
    windows: contents?.windows ?? null
  }
}
