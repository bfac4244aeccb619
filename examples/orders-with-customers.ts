import Type from 'typebox'
import { defineTopic, defineTopology, serdes } from '../streams/index.ts'

const Order = Type.Object({ customer: Type.String(), amount: Type.Number() })
const Customer = Type.Object({ name: Type.String(), city: Type.String() })
const Shipment = Type.Object({ to: Type.String(), amount: Type.Number() })

/** Keyed by the order's number. */
export const openOrders = defineTopic({ name: 'open-orders', value: serdes.json(Order) })
/** Keyed by the customer's number. */
export const customers = defineTopic({ name: 'customers', value: serdes.json(Customer) })
export const shipments = defineTopic({ name: 'shipments', value: serdes.json(Shipment) })

/**
 * Each open order with the address of its customer, always as both are now.
 *
 * The tables have different keys: an order says in its value which customer it belongs to. When either changes, the row does:
 * a customer who moves changes all of his orders. Behind it are two topics of the application's own, one that brings an
 * order's question to where the customer is, and one that brings the answer back.
 */
export const ordersWithCustomers = defineTopology('orders-with-customers', ({ table }) => {
  const addresses = table(customers, { name: 'customers', store: { name: 'customers' } })

  table(openOrders, { name: 'open-orders', store: { name: 'open-orders' } })
    .join(addresses, (order, { name, city }) => ({ to: `${name}, ${city}`, amount: order.amount }), {
      foreignKey: order => order.customer, name: 'order-with-customer', store: { name: 'shipments' }
    })
    .toStream({ name: 'changes' })
    // An order that is closed is a tombstone here too, so that readers of the topic see it go.
    .to(shipments, { name: 'shipments' })
})
