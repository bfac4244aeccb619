import { combineTopologies } from '../streams/index.ts'
import { ordersWithCustomers } from './orders-with-customers.ts'
import { paidOrders } from './paid-orders.ts'

/**
 * What becomes of orders and where they go to, as one application: one worker, one id, one schema. Each topology stays a file
 * with tests of its own; nothing in it says that it is run with another.
 */
export const shop = combineTopologies('shop', [paidOrders, ordersWithCustomers])
