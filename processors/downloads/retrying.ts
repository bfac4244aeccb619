import type { DownloadsSettings } from '../../schemas/downloads-settings.ts'
import { defineDependency, delayTopics, type Dependency, type DelayTopicsRetry, type ErrorClass } from '../../streams/index.ts'
import { downloadsOptions } from './options.ts'
import { errorClassOf } from './work-error.ts'

/** Work ends by its own timeout, and says more then than one from outside could. */
export const THEIR_TIME_MS = 1_000

/** Delay topics and the circuit breaker of a worker, as the settings say. */
export function retryBy (settings: DownloadsSettings, { dependency, topic }: { readonly dependency: string, readonly topic: string }): { readonly retry: DelayTopicsRetry, readonly needs: readonly Dependency[] } {
  const { retryDelays, breaker: { failureRate, windowMs, cooldownMs } } = downloadsOptions(settings)
  return {
    retry: delayTopics({
      delays: retryDelays.map(({ name }) => name),
      topicName: delay => `${settings.DOWNLOADS_TOPIC_PREFIX}.downloads.${topic}.retry.${delay}`,
      classify: classOf
    }),
    needs: [defineDependency({ name: dependency, breaker: { failureRate, window: windowMs, cooldown: cooldownMs, isFailure: error => classOf(error) === 'retryable' } })]
  }
}

function classOf (error: unknown): ErrorClass {
  return errorClassOf(error) === 'permanent' ? 'poison' : 'retryable'
}
