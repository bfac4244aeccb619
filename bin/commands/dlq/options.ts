import { InvalidArgumentError, Option, type Command } from 'commander'
import jsonata from 'jsonata'
import { messageOf } from '../../../streams/index.ts'
import { readDateTime, readDuration, type Criteria } from '../../../streams/runtime.ts'
import { addConnections, type ConnectionOptions } from '../connections.ts'

export interface TopicOptions extends ConnectionOptions {
  readonly topic: string
}

export interface FilterOptions {
  readonly class?: string
  readonly error?: string
  readonly node?: string
  readonly source?: string
  readonly since?: number
  readonly until?: number
  readonly key?: string
  readonly header: readonly (readonly [name: string, value: string])[]
  readonly where?: (value: unknown) => Promise<boolean>
}

/** Where a dead letter lies, as the tables show it. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

export function addTopic (command: Command): Command {
  return addConnections(command.requiredOption('--topic <topic>', 'the dead-letter topic'))
}

/** A letter has to fit all that is given. */
export function addFilters (command: Command): Command {
  return command
    .addOption(new Option('--class <class>', 'class of the error').choices(['poison', 'retryable', 'fatal', 'unknown']))
    .option('--error <error>', 'error code, or class of the exception with or without its package')
    .option('--node <node>', 'the node that failed')
    .option('--source <topic>', 'the topic that it comes from')
    .option('--since <time>', 'failed at or after this time (ISO 8601, UTC unless it has a zone), or so long ago (PT15M)', readTime)
    .option('--until <time>', 'failed before this time, or so long ago', readTime)
    .option('--key <key>', 'has this key, as text')
    .addOption(new Option('--header <name=value>', 'has this header; give it several times for several headers').argParser(addHeader).default([], 'any'))
    .option('--where <expression>', 'a JSONata expression over the JSON value that must hold: \'user.country = "NO" and $count(items) > 3\'', readExpression)
}

export function criteriaOf ({ class: errorClass, error, node, source, since, until, key, header, where }: FilterOptions): Criteria {
  return { errorClass, error, node, source, sinceMs: since, untilMs: until, key, headers: header, where }
}

export function readPlace (text: string): Place {
  const match = /^(\d{1,9}):(\d{1,15})$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Give partition:offset, as the column AT of list has it, such as 0:42.')
  return { partition: Number(match[1]), offset: Number(match[2]) }
}

export function readCount (text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.')
  return Number(text)
}

function readTime (text: string): number {
  const duration = readDuration(text)
  const time = readDateTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text) ?? (duration === undefined ? undefined : Date.now() - duration)
  if (time === undefined) throw new InvalidArgumentError('Give YYYY-MM-DD, YYYY-MM-DDTHH:mm:SS, or a duration such as PT15M or P1D.')
  return time
}

function addHeader (text: string, before: FilterOptions['header']): FilterOptions['header'] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give name=value.')
  return [...before, [text.slice(0, at), text.slice(at + 1)]]
}

function readExpression (text: string): (value: unknown) => Promise<boolean> {
  try {
    const expression = jsonata(text)
    // What fails on a value (a number that is compared with a text) does not hold for it.
    return async value => await expression.evaluate(value).then((found: unknown) => found !== undefined && found !== null && found !== false, () => false)
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSONata expression: ${messageOf(error)}.`)
  }
}
