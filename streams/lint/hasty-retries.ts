import { duration } from '../graph/describe/labels.ts'
import type { RetryPolicy } from '../resilience/retry.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Nodes that try again sooner than they give up: who answers slowly is asked again while it still works on the question before. */
export function hastyRetries ({ topology: { nodes } }: Pick<LintSubject, 'topology'>): Finding[] {
  return nodes.flatMap(({ name, calls }): Finding[] => {
    if (calls === undefined) return []
    const { timeoutMs, retry } = calls.processor
    const delayMs = shortestDelay(retry)
    if (retry.attempts === 1 || delayMs >= timeoutMs) return []
    return [{
      rule: 'hasty-retries',
      severity: 'note',
      node: name,
      found: `It tries again after ${duration(delayMs)}, and waits ${duration(timeoutMs)} for an answer: behind a timeout the call before may still be at work.`,
      todo: 'Make the first delay as long as the timeout, or see to it that who is called leaves out what it did before, by the idempotency key.'
    }]
  })
}

function shortestDelay (retry: RetryPolicy): number {
  if (retry.kind === 'delay-topics') return Math.min(...retry.delays.map(({ ms }) => ms))
  return retry.backoff.kind === 'listed' ? Math.min(...retry.backoff.delaysMs) : retry.backoff.firstMs
}
