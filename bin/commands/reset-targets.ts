import { InvalidArgumentError, Option, type Command } from 'commander'
import { readDateTime, readDuration, type ResetTarget } from '../../streams/runtime.ts'

export interface TargetOptions {
  readonly toEarliest?: true
  readonly toLatest?: true
  readonly toOffset?: number
  readonly toDatetime?: number
  readonly byDuration?: number
  readonly shiftBy?: number
  readonly toGroupOffsets?: true
}

const NAMES = ['toEarliest', 'toLatest', 'toOffset', 'toDatetime', 'byDuration', 'shiftBy', 'toGroupOffsets']

/** At most one of them; without any: earliest. */
export function addTargets (command: Command): Command {
  const options = [
    new Option('--to-earliest', 'to the first record still there (the default)'),
    new Option('--to-latest', 'to the end'),
    new Option('--to-offset <n>', 'to this offset').argParser(readOffset),
    new Option('--to-datetime <time>', 'to the first record at or after YYYY-MM-DDTHH:mm:SS.sss (UTC unless it has a zone); to the end where there is none').argParser(readTime),
    new Option('--by-duration <duration>', 'to the first record younger than PnDTnHnMnS').argParser(readAge),
    new Option('--shift-by <n>', 'by so many records from the position in Postgres, else from the group\'s offset, else from the first record').argParser(readShift),
    new Option('--to-group-offsets', 'to the group\'s offsets in Kafka; to the first record where there is none')
  ]
  for (const option of options) command.addOption(option.conflicts(NAMES.filter(name => name !== option.attributeName())))
  return command
}

export function targetOf ({ toLatest, toOffset, toDatetime, byDuration, shiftBy, toGroupOffsets }: TargetOptions, now: number): ResetTarget {
  if (toLatest === true) return { kind: 'latest' }
  if (toOffset !== undefined) return { kind: 'offset', offset: toOffset }
  if (toDatetime !== undefined) return { kind: 'time', timestamp: toDatetime }
  if (byDuration !== undefined) return { kind: 'time', timestamp: Math.max(0, now - byDuration) }
  if (shiftBy !== undefined) return { kind: 'shift', by: shiftBy }
  return toGroupOffsets === true ? { kind: 'group' } : { kind: 'earliest' }
}

function readOffset (text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number, 0 or more.')
  return Number(text)
}

function readShift (text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number; negative goes back.')
  return Number(text)
}

function readTime (text: string): number {
  const time = readDateTime(text)
  if (time === undefined) throw new InvalidArgumentError('Give YYYY-MM-DDTHH:mm:SS.sss, such as 2026-03-01T12:00:00.000.')
  return time
}

function readAge (text: string): number {
  const duration = readDuration(text)
  if (duration === undefined) throw new InvalidArgumentError('Give PnDTnHnMnS, such as P1DT2H30M or PT15M.')
  return duration
}
