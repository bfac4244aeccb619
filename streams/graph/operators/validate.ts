import { Rejected, type Contract } from '../contract.ts'
import type { Wire } from '../wire.ts'
import { withValue } from './stateless.ts'

const NO_VALUE = { errorType: 'decode', message: 'The record has no value.' }

/** What is refused goes on as `Rejected`. */
export function validate<K, V> (contract: Contract<unknown>): Wire<K, V, K, unknown> {
  return (execution, node, forward) => {
    // Right behind a source a record comes by once per run, and what was found the first time holds for the next.
    const oncePerRecord = node.parents.some(({ kind }) => kind === 'source')
    return record => {
      const { value } = record
      if (oncePerRecord && execution.wasAccepted(node)) return forward(record)
      if (value instanceof Rejected) return forward(record)
      if (contract.accepts(value, record)) {
        if (oncePerRecord) execution.accepted(node)
        return forward(record)
      }
      const previous = execution.enter(node)
      const rejected = new Rejected(execution.current()?.value === null ? NO_VALUE : contract.explain(value, record), value)
      execution.leave(previous)
      forward(withValue(record, rejected))
    }
  }
}
