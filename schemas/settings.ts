import Type, { type Static } from 'typebox'

/** The environment variables that the recommender's worker, API and ingest share. */
export type RecommenderSettings = Static<typeof RecommenderSettings>
export const RecommenderSettings = Type.Object({
  TOPIC_IMPRESSION: Type.String({ minLength: 1, default: 'reco_impression', description: 'Topic of the lists that were shown.' }),
  TOPIC_WATCH: Type.String({ minLength: 1, default: 'reco_watch', description: 'Topic of what was watched.' }),
  TOPIC_EVENT: Type.String({ minLength: 1, default: 'reco_event', description: 'Topic of views, clicks and purchases.' }),
  TOPIC_DLQ: Type.String({ minLength: 1, default: 'reco_events_dlq', description: 'Topic of the records that nobody can process.' }),
  CONTRACT_MAX_EVENT_FUTURE_MS: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 300_000,
    description: "How far an event's time may lie after its record's."
  }),
  CONTRACT_MAX_EVENT_AGE_MS: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 2_592_000_000,
    description: "How far an event's time may lie before its record's."
  }),
  STREAM_FEATURE_HISTORY_SIZE: Type.Integer({ minimum: 1, maximum: 1000, default: 20, description: 'How many of the newest items of a user are remembered.' })
})

export type ContractSettings = Pick<RecommenderSettings, 'CONTRACT_MAX_EVENT_FUTURE_MS' | 'CONTRACT_MAX_EVENT_AGE_MS'>

/** The environment variables of the read API alone. */
export type ApiSettings = Static<typeof ApiSettings>
export const ApiSettings = Type.Object({
  RECO_METRICS_WINDOW_SEC: Type.Integer({ minimum: 1, default: 3600, description: 'How far back /metrics/reco looks.' }),
  RECO_METRICS_MAX_SAMPLES: Type.Integer({ minimum: 1, maximum: 10_000_000, default: 50_000, description: 'How many of the newest answers /metrics/reco remembers.' })
})
