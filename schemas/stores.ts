import Type, { type Static } from 'typebox'

/** What can be asked. */
export type StoreListing = Static<typeof StoreListing>
export const StoreListing = Type.Object({
  application_id: Type.String(),
  topology: Type.String(),
  stores: Type.Array(Type.Object({
    name: Type.String(),
    shape: Type.String({ description: 'key-value, versioned, window or session: of a table. counter, keyed, list or rows: a declared store.' }),
    key: Type.String({ description: "How a key is written: its serde's name, or the columns of a declared store." }),
    window_size_ms: Type.Optional(Type.Number())
  }))
})

export type StoreEntry = Static<typeof StoreEntry>
export const StoreEntry = Type.Object({
  key: Type.Unknown({ description: 'As it is written in an address.' }),
  value: Type.Unknown(),
  timestamp: Type.Union([Type.Number(), Type.Null()], { description: 'Of the row, in milliseconds since 1970; null where the store keeps none.' }),
  window: Type.Optional(Type.Object({ start: Type.Number(), end: Type.Number() }))
})

export type StorePage = Static<typeof StorePage>
export const StorePage = Type.Object({
  entries: Type.Array(StoreEntry),
  cursor: Type.Union([Type.String(), Type.Null()], { description: 'For the page that follows; null: this was the last.' })
})

const fresh = {
  minPosition: Type.Optional(Type.String({ description: 'topic:partition:offset. Waits until the answer has this record in it.' })),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: 'How long to wait for that; a second by default.' }))
}

const paged = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: '100 by default.' })),
  cursor: Type.Optional(Type.String({ description: 'Of the page before.' }))
}

export const KeysQuery = Type.Object({
  from: Type.Optional(Type.String({ description: 'The first key.' })),
  to: Type.Optional(Type.String({ description: 'The last key.' })),
  prefix: Type.Optional(Type.String({ description: 'What keys of text or bytes begin with.' })),
  ...paged,
  ...fresh
}, { additionalProperties: false })

export const KeyQuery = Type.Object({
  from: Type.Optional(Type.String({ description: 'Of windows: ISO 8601 or milliseconds since 1970.' })),
  to: Type.Optional(Type.String({ description: 'Of windows: ISO 8601 or milliseconds since 1970.' })),
  asOf: Type.Optional(Type.String({ description: 'Of versions: ISO 8601 or milliseconds since 1970.' })),
  ...paged,
  ...fresh
}, { additionalProperties: false })
