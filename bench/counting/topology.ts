import Type from 'typebox'
import { defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'
import { Order } from './order.ts'
import type { Summary } from './orders.ts'

const Settings = Type.Object({
  TOPIC_ORDERS: Type.String({ minLength: 1, default: 'orders', description: 'Topic of the orders.' }),
  TOPIC_DEAD_LETTERS: Type.String({ minLength: 1, default: 'orders_dlq', description: 'Topic of the orders that are not valid.' })
})

/** The orders of each customer, counted and summed up in the table `summaries`; what is no order goes to the dead letters. */
export const counting = defineTopology('counting', { settings: Settings }, ({ stream, settings }) => {
  const orders = stream(defineTopic({ name: settings.TOPIC_ORDERS }), { name: 'orders' })
    .validate(Order, { name: 'check-order' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'order' })

  orders.dlq.to(defineTopic({ name: settings.TOPIC_DEAD_LETTERS }), { name: 'dead-letters', format: 'raw' })
  orders.valid.groupByKey({ name: 'by-customer' }).aggregate(noOrders, addOrder, { name: 'sum-up', store: { name: 'summaries' } })
})

function noOrders (): Summary {
  return { count: 0, sum: 0, min: Infinity, max: 0, lastAt: 0 }
}

function addOrder ({ count, sum, min, max, lastAt }: Summary, { amountCents, placedAt }: Order): Summary {
  return { count: count + 1, sum: sum + amountCents, min: Math.min(min, amountCents), max: Math.max(max, amountCents), lastAt: Math.max(lastAt, placedAt) }
}
