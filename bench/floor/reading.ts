import { isUtf8 } from 'node:buffer'
import { impressionContract, type Impression } from '../../schemas/impression.ts'
import type { RecommenderSettings } from '../../schemas/settings.ts'
import { watchContract, type Watch } from '../../schemas/watch.ts'
import type { LogRecord, OutgoingRecord } from '../../streams/index.ts'

export interface Batch {
  readonly taken: readonly LogRecord[]
  readonly watches: readonly Watch[]
  readonly impressions: readonly Impression[]
  readonly deadLetters: readonly OutgoingRecord[]
  /** Of the watches and impressions. */
  readonly ids: readonly string[]
}

/** Bytes to checked events, without those that are in flight already. */
export function openReading (settings: RecommenderSettings): (taken: readonly LogRecord[], inFlight: Set<string>) => Batch {
  const isWatch = watchContract(settings)
  const isImpression = impressionContract(settings)
  return (taken, inFlight) => {
    const watches: Watch[] = []
    const impressions: Impression[] = []
    const deadLetters: OutgoingRecord[] = []
    const ids: string[] = []
    const isNew = (id: string): boolean => {
      if (inFlight.has(id)) return false
      inFlight.add(id)
      ids.push(id)
      return true
    }
    for (const record of taken) {
      const { topic, value } = record
      const text = value === null || !isUtf8(value) ? undefined : value.toString('utf8')
      const event = text === undefined ? undefined : parse(text)
      const contract = topic === settings.TOPIC_WATCH ? isWatch : isImpression
      if (event === undefined) deadLetters.push(deadLetter(record, settings.TOPIC_DLQ, text === undefined ? 'decode' : 'json', ''))
      else if (contract === isWatch && isWatch.accepts(event, record)) { if (isNew(event.event_id)) watches.push(event) } else if (contract === isImpression && isImpression.accepts(event, record)) { if (isNew(event.event_id)) impressions.push(event) } else {
        const { errorType, message } = contract.explain(event, record)
        deadLetters.push(deadLetter(record, settings.TOPIC_DLQ, errorType, message))
      }
    }
    return { taken, watches, impressions, deadLetters, ids }
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function deadLetter ({ topic, partition, offset, timestamp, key, value }: LogRecord, to: string, errorType: string, message: string): OutgoingRecord {
  const envelope = {
    source_topic: topic,
    source_partition: partition,
    source_offset: offset,
    source_timestamp_ms: timestamp,
    source_key: key?.toString('utf8') ?? null,
    error_type: errorType,
    error_message: message,
    payload: value?.toString('utf8') ?? null,
    failed_at_ms: Date.now()
  }
  return { topic: to, key, value: Buffer.from(JSON.stringify(envelope)), headers: [], timestamp }
}
