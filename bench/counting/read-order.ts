import { isUtf8 } from 'node:buffer'
import type { Order } from './order.ts'

/** A valid order, checked by hand as fast as it goes; undefined: it is none. */
export function readOrder (bytes: Buffer): Order | undefined {
  if (!isUtf8(bytes)) return undefined
  const order = parse(bytes.toString())
  if (typeof order !== 'object' || order === null || !('customer' in order && 'amountCents' in order && 'placedAt' in order)) return undefined
  const { customer, amountCents, placedAt } = order
  if (typeof customer !== 'string' || customer.length < 1 || customer.length > 64) return undefined
  if (!isWhole(amountCents) || amountCents < 1 || amountCents > 1_000_000_000) return undefined
  return isWhole(placedAt) && placedAt > 0 ? { customer, amountCents, placedAt } : undefined
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isWhole (value: unknown): value is number {
  return Number.isSafeInteger(value)
}
