import type { Services } from '../../test/helpers/services.ts'
import { produceAll } from '../lib/produce.ts'
import { orders, type OrdersOptions } from './orders.ts'

export async function produceOrders (services: Services, topic: string, options: OrdersOptions): Promise<void> {
  await produceAll(services, orders(options).map(({ key, ...record }) => ({ ...record, topic, key: Buffer.from(key), headers: [] })))
}
