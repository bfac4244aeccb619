import type { Node } from '../graph/node.ts'
import { sourceOf, topicRead } from '../graph/topic-names.ts'
import type { Topology } from '../graph/topology.ts'
import { FatalError } from '../errors.ts'
import type { LogRecord } from '../log/log.ts'
import { DecodeError } from '../serdes/decode-error.ts'
import { SchemaNotLoaded } from '../serdes/schema-not-loaded.ts'

/** Why a topology would turn a record away before any of its processors sees it: by its serdes, or by the validations right behind its source. */
export interface Objection {
  readonly node: string
  readonly message: string
}

export async function objectionsTo (topology: Topology, record: Pick<LogRecord, 'topic' | 'key' | 'value' | 'timestamp'>): Promise<Objection[]> {
  const source = sourceOf(topology.nodes, record.topic)
  const topic = source && topicRead(source, record.topic)
  if (source === undefined || topic === undefined) {
    const names = topology.sources.flatMap(({ topics, pattern }) => [...topics.flatMap(({ name, internal }) => internal ? [] : [`'${name}'`]), ...pattern === undefined ? [] : [`/${pattern.pattern}/`]]).join(', ')
    throw new FatalError(`Topology '${topology.name}' does not read '${record.topic}', so it cannot say whether the value is right; it reads ${names}. Give the topology that does, or leave out --topology.`)
  }
  const { key, value } = record
  try {
    if (key !== null) await loaded(() => topic.key.decode(key))
    const decoded = value === null ? null : await loaded(() => topic.value.decode(value))
    return validationsBehind(topology, source).flatMap(({ name, contract }) => {
      if (contract === undefined || contract.accepts(decoded, record)) return []
      return [{ node: name, message: contract.explain(decoded, record).message }]
    })
  } catch (error) {
    if (error instanceof DecodeError) return [{ node: source.name, message: error.message }]
    throw error
  }
}

function validationsBehind ({ nodes }: Topology, source: Node): Node[] {
  const reached = new Set([source])
  for (const node of nodes) if (node.kind === 'validate' && node.parents.some(parent => reached.has(parent))) reached.add(node)
  return [...reached].filter(({ kind }) => kind === 'validate')
}

/** A registry's schema may have to be asked for, and what it refers to after that. */
async function loaded<T> (decode: () => T): Promise<T> {
  while (true) {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof SchemaNotLoaded)) throw error
      await error.load()
    }
  }
}
