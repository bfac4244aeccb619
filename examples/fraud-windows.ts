import Type, { type Static } from 'typebox'
import { defineTopic, defineTopology, serdes, slidingWindows } from '../streams/index.ts'

const CardPayment = Type.Object({ amount: Type.Number(), country: Type.String() })
const Seen = Type.Object({ payments: Type.Integer(), countries: Type.Array(Type.String()) })
const Alert = Type.Object({ from: Type.Integer(), to: Type.Integer(), ...Seen.properties })

/** Keyed by the card. */
export const cardPayments = defineTopic({ name: 'card-payments', value: serdes.json(CardPayment) })
export const alerts = defineTopic({ name: 'fraud-alerts', value: serdes.json(Alert) })

const TEN_MINUTES = 600_000

const nothing: Static<typeof Seen> = { payments: 0, countries: [] }

/**
 * Cards that pay in three countries within any ten minutes.
 *
 * Tumbling windows would miss what lies across their edges. Sliding ones begin and end at records, so every set of payments
 * that fits into ten minutes is in one of them. A window is handed on with each change of it: an alert must not wait for its
 * end. The grace lets payments in that come late by up to a minute.
 */
export const fraudWindows = defineTopology('fraud-windows', ({ stream }) => {
  stream(cardPayments, { name: 'card-payments' })
    .filter(payment => payment !== null, { name: 'real-payments' })
    .groupByKey()
    .windowedBy(slidingWindows({ timeDifferenceMs: TEN_MINUTES, graceMs: 60_000 }))
    .aggregate(() => nothing, ({ payments, countries }, { country }) => ({
      payments: payments + 1,
      countries: countries.includes(country) ? countries : [...countries, country]
    }), { name: 'by-card', store: { name: 'payments-by-card' } })
    .toStream({ name: 'windows' })
    .filter(seen => seen !== null && seen.countries.length >= 3, { name: 'suspicious' })
    // The key is card and window together; readers of the alerts want the card alone, and when.
    .map((seen, { key: card, window }) => [card, { from: window.start, to: window.end, ...seen }], { name: 'by-card-alone' })
    .to(alerts, { name: 'fraud-alerts' })
})
