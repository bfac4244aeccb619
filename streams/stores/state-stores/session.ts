import type { Serde } from '../../serdes/serde.ts'
import type { Windowed } from '../../windows/windowed.ts'
import { defineSessionStore, type Session } from '../session-store.ts'
import type { ValueAndTimestamp } from '../../graph/value-getter.ts'
import { found } from './found.ts'
import type { StateStore } from './state-store.ts'

export interface SessionStateStore<K, V> {
  /** The sessions of a key that end at or after the one time and start at or before the other, by end. */
  readonly findSessions: (key: K, earliestEnd: number, latestStart: number) => Iterable<Session<V>>
  /** All sessions of a key, by end. */
  readonly fetch: (key: K) => Iterable<Session<V>>
  readonly fetchSession: (key: K, start: number, end: number) => ValueAndTimestamp<V> | undefined
  /** null removes it. */
  readonly put: (session: Windowed<K>, value: V | null) => void
  readonly remove: (session: Windowed<K>) => void
}

/** A value per key and session; Kafka Streams' `sessionStoreBuilder`. What ends a retention before the latest end that was put is gone. Its name is its table. */
export function defineSessionStateStore<K, V> (
  { name, key, value, retentionMs }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V>, readonly retentionMs: number }
): StateStore<SessionStateStore<K, V>> {
  const sessions = defineSessionStore({ name, key, value, retentionMs, caching: false, isNamed: true })
  return Object.freeze({
    kind: 'state-store',
    name,
    stores: sessions.stores,
    open (execution) {
      const store = sessions.open(execution)
      return {
        findSessions: store.findSessions,
        fetch: each => store.findSessions(each, 0, Number.MAX_SAFE_INTEGER),
        fetchSession: (each, start, end) => found(store.fetchSession(each, { start, end })),
        put (session, newValue) {
          store.put(session.key, session.window, newValue)
          store.expire()
        },
        remove: session => store.remove(session.key, session.window)
      }
    }
  } satisfies StateStore<SessionStateStore<K, V>>)
}
