import type { Log } from '../log/log.ts'
import { readRanges, wholeRanges } from '../log/read-range.ts'
import type { OpenIntent, ReplayLedger } from './ledger.ts'
import { readReplayMark } from './replay-mark.ts'

export interface Settled {
  readonly sent: readonly OpenIntent[]
  readonly notSent: readonly OpenIntent[]
  /** Nothing tells: part of what its topic held since then is not there any more, or not shown. */
  readonly unsure: readonly OpenIntent[]
}

/**
 * Finds out what became of records that were about to be sent when a replay ended: whoever replays marks them, so they are looked for
 * in the topics that they were meant for, from where those ended before.
 */
export async function settle (log: Pick<Log, 'partitionCounts' | 'offsets' | 'openReader'>, ledger: ReplayLedger, topic: string, intents: readonly OpenIntent[]): Promise<Settled> {
  const settled = { sent: [] as OpenIntent[], notSent: [] as OpenIntent[], unsure: [] as OpenIntent[] }
  const ranges = await wholeRanges(log, [...new Set(intents.map(({ target }) => target))])
  for (const group of Map.groupBy(intents, ({ target, targetPartition }) => `${target}/${targetPartition}`).values()) {
    const [{ target, targetPartition } = { target: '', targetPartition: -1 }] = group
    const from = Math.min(...group.map(({ targetFrom }) => targetFrom))
    const whole = ranges.find(each => each.topic === target && each.partition === targetPartition)
    const marks = new Set<string>()
    let isWhole = whole !== undefined && whole.from <= from
    for await (const { records, from: begun, next } of readRanges(log, whole === undefined ? [] : [{ ...whole, from: Math.max(from, whole.from) }])) {
      if (records.length !== next - begun) isWhole = false
      for (const { headers } of records) {
        const mark = readReplayMark(headers, target)
        if (mark !== undefined) marks.add(`${mark.replayId} ${mark.letter}`)
      }
    }
    for (const intent of group) {
      if (marks.has(`${intent.replayId} ${topic}-${intent.partition}@${intent.offset}`)) settled.sent.push(intent)
      else if (isWhole) settled.notSent.push(intent)
      else settled.unsure.push(intent)
    }
  }
  await ledger.sent(settled.sent)
  await ledger.withdraw(settled.notSent)
  return settled
}
