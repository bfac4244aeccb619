import type { AsyncProcessor, CallFailure } from './async-processor.ts'
import type { Topic } from './topic.ts'

/** A processor whose types are no longer known: `Stream.processAsync` has put it behind values that it takes. */
export type AnyAsyncProcessor = AsyncProcessor<unknown, unknown>

/** What a node needs to make its calls. */
export interface NodeCalls {
  readonly processor: AnyAsyncProcessor
  /** By the index of a delay: where a record waits for it. */
  readonly retryTopics: readonly Topic[]
}

/** What came of a call. */
export type CallOutcome =
  | { readonly kind: 'done', readonly value: unknown }
  | { readonly kind: 'failed', readonly failure: CallFailure }
