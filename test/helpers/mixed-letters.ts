import { Rejected } from '../../streams/graph/contract.ts'
import type { OutgoingRecord } from '../../streams/log/log.ts'
import { letters } from './dead-letters.ts'

export interface MixedLetters {
  /** Where they lie. */
  readonly topic: string
  /** Where they come from: numbered from 0 in partition 0. */
  readonly origin: string
  readonly count: number
}

const writers = Object.values(letters)

/** Dead letters of every family in turn; of ours every second one is retryable. The record of number n says so in its value. */
export function mixedLetters ({ topic, origin, count }: MixedLetters): OutgoingRecord[] {
  return Array.from({ length: count }, (_, n) => ({ topic, ...writerOf(n)({ ...valueOf(n), topic: origin, partition: 0, offset: n }, failureOf(n)) }))
}

/** Which numbers are of our own families and retryable. */
export function isRetryable (n: number): boolean {
  return n % writers.length < 2 && Math.floor(n / writers.length) % 2 === 1
}

function writerOf (n: number): typeof letters.millrace {
  return writers[n % writers.length] ?? letters.millrace
}

function valueOf (n: number) {
  return { key: Buffer.from(`key-${n}`), value: Buffer.from(JSON.stringify({ n, user: { country: n % 2 === 0 ? 'NO' : 'SE' }, items: [{ price: -n }] })), headers: [['tenant', Buffer.from(n % 3 === 0 ? 'a' : 'b')]] as const }
}

function failureOf (n: number) {
  return isRetryable(n)
    ? { errorClass: 'retryable' as const, rejected: new Rejected({ errorType: 'processor', message: "Node 'charge': the bank did not answer" }), node: 'charge', cause: new Error('the bank did not answer'), attempts: 5 }
    : { rejected: new Rejected({ errorType: 'schema', message: '/items/0/price must be >= 0; value must have required properties id' }) }
}
