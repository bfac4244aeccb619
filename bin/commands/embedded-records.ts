import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { messageOf, type OutgoingRecord, type Topic, type Topology } from '../../streams/index.ts'
import { foundAmong, patternsOf, sourceOf, topicRead } from '../../streams/runtime.ts'

const InputLine = Type.Object({
  /** Left out: the only topic that there is. */
  topic: Type.Optional(Type.String()),
  key: Type.Optional(Type.Unknown()),
  value: Type.Unknown(),
  timestamp: Type.Optional(Type.Integer({ minimum: 0 }))
}, { additionalProperties: false })

/** The topics that come from outside. */
export function inputsOf ({ sources, globals }: Topology): Topic[] {
  const read = [...sources.flatMap(({ topics }) => topics), ...globals.map(({ topic }) => topic)]
  return [...new Map(read.filter(({ internal }) => !internal).map(topic => [topic.name, topic])).values()]
}

/** A topic that one of the patterns matches. */
export function inputFound (topology: Topology, applicationId: string, name: string): Topic | undefined {
  const source = foundAmong([name], patternsOf(topology, applicationId)).length === 0 ? undefined : sourceOf(topology.nodes, name)
  return source && topicRead(source, name)
}

/** A line of JSON as a record of the topic that it names, written in the topic's serdes. What it cannot be, it says. `find`: among further topics. */
export function readRecord (line: string, inputs: readonly Topic[], find: (name: string) => Topic | undefined = () => undefined): OutgoingRecord {
  const { topic: name, key = null, value, timestamp } = parse(line)
  const names = inputs.map(topic => topic.name).join(', ')
  const topic = name === undefined ? inputs.length === 1 ? inputs[0] : undefined : inputs.find(topic => topic.name === name) ?? find(name)
  if (topic === undefined) throw new TypeError(name === undefined ? `it names no topic; give one of ${names}` : `there is no topic '${name}'; give one of ${names}`)
  return {
    topic: topic.name,
    key: key === null ? null : encode(topic, 'key', key),
    value: value === null ? null : encode(topic, 'value', value),
    headers: [],
    ...(timestamp === undefined ? {} : { timestamp })
  }
}

function parse (line: string): Static<typeof InputLine> {
  const content: unknown = JSON.parse(line)
  if (Value.Check(InputLine, content)) return content
  throw new TypeError('it is not { "topic"?, "key"?, "value", "timestamp"? }')
}

function encode (topic: Topic, part: 'key' | 'value', given: unknown): Buffer {
  try {
    return topic[part].encode(given)
  } catch (error) {
    throw new TypeError(`its ${part} cannot be written to '${topic.name}': ${messageOf(error)}`, { cause: error })
  }
}

/** A record of a sink as a line of JSON. What its topic's serdes cannot read (a raw dead letter) is shown as text. */
export function printRecord ({ topic, key, value, timestamp }: OutgoingRecord, outputs: ReadonlyMap<string, Topic>): string {
  const shown = { topic, key: decode(outputs.get(topic), 'key', key), value: decode(outputs.get(topic), 'value', value), timestamp }
  return JSON.stringify(shown, (_, each: unknown) => typeof each === 'bigint' ? String(each) : each) + '\n'
}

function decode (topic: Topic | undefined, part: 'key' | 'value', bytes: Buffer | null): unknown {
  if (bytes === null) return null
  try {
    return topic === undefined ? bytes.toString() : topic[part].decode(bytes)
  } catch {
    return bytes.toString()
  }
}
