import Type from 'typebox'
import { defineTopic, defineTopology, joinWindows, serdes } from '../streams/index.ts'

const Order = Type.Object({ customer: Type.String(), amount: Type.Number() })
const Payment = Type.Object({ order: Type.String(), amount: Type.Number() })
const OrderState = Type.Object({ customer: Type.String(), state: Type.Enum(['paid', 'underpaid', 'unpaid']) })

/** Keyed by the order's number. */
export const orders = defineTopic({ name: 'orders', value: serdes.json(Order) })
/** Keyed by the payment's own number. */
export const payments = defineTopic({ name: 'payments', value: serdes.json(Payment) })
export const orderStates = defineTopic({ name: 'order-states', value: serdes.json(OrderState) })

const HOUR = 3_600_000

/**
 * What became of each order: a payment within the hour behind it, or none.
 *
 * Both sides are kept for as long as a match may come. Nobody knows that none will come before stream time has passed the
 * order's hour and the grace, so an unpaid order comes out then, and a paid one as soon as the second of the two is there.
 */
export const paidOrders = defineTopology('paid-orders', ({ stream }) => {
  const paymentsByOrder = stream(payments, { name: 'payments' })
    .filter(payment => payment !== null, { name: 'real-payments' })
    // Another key: the join behind it repartitions by itself.
    .selectKey(payment => payment.order, { name: 'payments-by-order' })

  stream(orders, { name: 'orders' })
    .leftJoin(paymentsByOrder, (order, payment) => ({ customer: order.customer, state: stateOf(order.amount, payment?.amount) }), {
      name: 'order-with-payment',
      storeName: 'order-payment',
      // Seen from the order: from now on, for an hour. A payment before its order is a mistake.
      windows: joinWindows({ timeDifferenceMs: HOUR, beforeMs: 0, graceMs: 60_000 })
    })
    .to(orderStates, { name: 'order-states' })
})

function stateOf (due: number, paid: number | undefined) {
  if (paid === undefined) return 'unpaid'
  return paid < due ? 'underpaid' : 'paid'
}
