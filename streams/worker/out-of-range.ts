import { FatalError } from '../errors.ts'
import { LogError, type Log, type ReadPosition, type TopicPartition } from '../log/log.ts'

/** What to do where retention has deleted records that were not processed: stop, or go on from what is left, or from the end. */
export type OutOfRangePolicy = 'stop' | 'earliest' | 'latest'

/** Offsets that are passed over although nobody processed what stood there. */
export interface Skip extends TopicPartition {
  readonly from: number
  /** Where to go on. */
  readonly to: number
}

export interface OutOfRangeOptions {
  readonly applicationId: string
  readonly log: Pick<Log, 'offsets'>
  readonly policy: OutOfRangePolicy
}

/**
 * What to skip from a position that is not in the log. Throws `FatalError` where the policy is to stop, and always where the
 * position lies behind the end: then the topic was made anew or has lost its end, and what to count again is a human's to say.
 */
export async function skipOf ({ topic, partition, offset }: ReadPosition, { applicationId, log, policy }: OutOfRangeOptions): Promise<Skip> {
  const begin = await offsetOf(log, { topic, partition }, 'earliest')
  const rebuild = `\`millrace reset --application-id ${applicationId} --to-earliest --execute\` rebuilds everything from what is left`
  if (offset >= begin) {
    if (offset <= await offsetOf(log, { topic, partition }, 'latest')) throw new LogError('outage', `${topic}-${partition} has offset ${offset} after all: its leader has changed`)
    throw new FatalError(`${topic}-${partition} begins at ${begin} and does not reach offset ${offset}, where its position is: it was made anew, or has lost its end. ${rebuild}.`)
  }
  if (policy === 'stop') {
    throw new FatalError(
      `${topic}-${partition} has no offset ${offset} any more, it begins at ${begin}: retention deleted ${begin - offset} offsets that were not processed. ` +
      `Choose: KAFKA_WORKER_OFFSET_OUT_OF_RANGE=earliest goes on from what is left, =latest from the end; ${rebuild}.`
    )
  }
  return { topic, partition, from: offset, to: policy === 'earliest' ? begin : await offsetOf(log, { topic, partition }, 'latest') }
}

async function offsetOf (log: Pick<Log, 'offsets'>, partition: TopicPartition, at: 'earliest' | 'latest'): Promise<number> {
  return (await log.offsets([partition], at))[0]?.offset ?? 0
}
