import { Type } from 'typebox'
import { defineTopic, serdes } from '../../streams/index.ts'

/** Topics that the type tests share. Nothing here runs: that it compiles, or does not, is the test. */
export const Order = Type.Object({ id: Type.String(), customer: Type.String(), cents: Type.Integer() })
export const Payment = Type.Object({ orderId: Type.String(), cents: Type.Integer() })

export const orders = defineTopic({ name: 'orders', value: serdes.json(Order) })
export const payments = defineTopic({ name: 'payments', value: serdes.json(Payment) })
export const customers = defineTopic({ name: 'customers', value: serdes.json(Type.Object({ name: Type.String(), region: Type.String() })) })
export const regions = defineTopic({ name: 'regions', value: serdes.string })
export const words = defineTopic({ name: 'words', value: serdes.string })
export const numbers = defineTopic({ name: 'numbers', key: serdes.int, value: serdes.long })
export const counts = defineTopic({ name: 'counts', value: serdes.long })
export const anything = defineTopic({ name: 'anything' })

export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** `typeOf(value).is<T>(true)` compiles only where the value's type is T. */
export function typeOf<V> (_value: V): { readonly is: <T>(_same: Same<V, T>) => void } {
  return { is () {} }
}
