import Type from 'typebox'
import { defineKeyed, defineProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'
import { Order } from './order.ts'
import { addOrder, CountingSettings, noOrders } from './topology.ts'

export const summaries = defineKeyed({
  name: 'summaries',
  key: ['customer'],
  value: Type.Object({ count: Type.Integer(), sum: Type.Integer(), min: Type.Integer(), max: Type.Integer(), lastAt: Type.Integer() })
})

/** Delivered twice: counts twice; the position stands in the transaction that counts. */
const sumUp = defineProcessor({
  name: 'sum-up',
  input: Order,
  stores: { summaries },
  process ({ value }, { stores }) {
    const key = { customer: value.customer }
    stores.summaries.put(key, addOrder(stores.summaries.get(key) ?? noOrders(), value))
  }
})

/** The same counting with a store of its own kind, which Redis serves: the tables that operators make are in Postgres alone. */
export const countingProjected = defineTopology('counting-projected', { settings: CountingSettings }, ({ stream, settings }) => {
  const orders = stream(defineTopic({ name: settings.TOPIC_ORDERS }), { name: 'orders' })
    .validate(Order, { name: 'check-order' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'order' })

  orders.dlq.to(defineTopic({ name: settings.TOPIC_DEAD_LETTERS }), { name: 'dead-letters', format: 'raw' })
  orders.valid.process(sumUp)
})
