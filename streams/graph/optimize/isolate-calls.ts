import { nullKeyFilter, sinkBy } from '../operators/repartition.ts'
import type { NodeDefinition } from '../physical-graph.ts'
import { defineInternalTopic, type Topic } from '../topic.ts'
import type { Store } from '../../stores/store.ts'

/** A node as it was added, with the stores that it was given since. */
export interface Added {
  readonly definition: NodeDefinition
  /** By which it was added. */
  readonly topology: string
  readonly stores: Store[]
}

/**
 * A node that waits for something outside begins a sub-topology: records are done there in another order than they came, and what keeps
 * state must not see that. So an internal topic is put in between where something stateful, or another such node, hangs together with
 * what stands before it, and where its records go elsewhere too: each of several slow sinks has its own position, and holds up none of the others. What is tried again later comes back through topics of its own, which are added here too.
 */
export function isolateCalls (topology: string, added: readonly Added[]): readonly Added[] {
  let nodes = added
  for (const { definition } of added) {
    if (definition.calls === undefined) continue
    nodes = withRetries(mustBeIsolated(nodes, definition) ? isolated(nodes, definition) : nodes, topology, definition.name)
  }
  return nodes
}

function mustBeIsolated (added: readonly Added[], { name }: NodeDefinition): boolean {
  const before = connectedWithout(added, name)
  return sharesRecords(added, name) || added.some(({ definition, stores }) =>
    before.has(definition.name) && (stores.length > 0 || definition.actsByTime === true || definition.calls !== undefined))
}

/** Whether what reaches the node goes elsewhere too: it would wait there for what this node waits for. */
function sharesRecords (added: readonly Added[], name: string): boolean {
  const parents = added.find(({ definition }) => definition.name === name)?.definition.parents ?? []
  return parents.some(parent => {
    const children = added.filter(({ definition }) => definition.parents.includes(parent))
    const isExclusive = added.some(({ definition }) => definition.name === parent && definition.kind === 'branch')
    return (children.length > 1 && !isExclusive) || sharesRecords(added, parent)
  })
}

/** All that hangs together with the parents of a node, by edges and by stores, as if the node were not there. */
function connectedWithout (added: readonly Added[], name: string): ReadonlySet<string> {
  const others = added.filter(({ definition }) => definition.name !== name)
  const found = new Set(added.find(({ definition }) => definition.name === name)?.definition.parents)
  for (let size = 0; size < found.size;) {
    size = found.size
    const stores = new Set(others.flatMap(({ definition, stores }) => found.has(definition.name) ? stores : []))
    for (const { definition, stores: own } of others) {
      const isConnected = found.has(definition.name) || definition.parents.some(parent => found.has(parent)) || own.some(store => stores.has(store))
      if (!isConnected) continue
      found.add(definition.name)
      for (const parent of definition.parents) if (parent !== name) found.add(parent)
    }
  }
  return found
}

function isolated (added: readonly Added[], definition: NodeDefinition): readonly Added[] {
  const { name, parents, calls } = definition
  if (calls === undefined) return added
  const topic = defineInternalTopic({ name: `${name}-async`, key: calls.key, value: calls.value })
  return added.flatMap(each => each.definition.name !== name
    ? [each]
    : [
        node(each.topology, { kind: 'filter', name: `${topic.name}-filter`, parents, wire: nullKeyFilter({ passesNullKeys: true }) }),
        node(each.topology, { kind: 'sink', name: `${topic.name}-sink`, parents: [`${topic.name}-filter`], topic, wire: sinkBy(undefined) }),
        node(each.topology, { kind: 'source', name: `${topic.name}-source`, parents: [], topic }),
        { ...each, definition: { ...each.definition, parents: [`${topic.name}-source`] } }
      ])
}

function withRetries (added: readonly Added[], topology: string, name: string): readonly Added[] {
  return added.flatMap(each => {
    const { definition } = each
    if (definition.name !== name || definition.calls === undefined) return [each]
    const retryTopics = retryTopicsOf(topology, definition.calls)
    // Equal delays share a topic.
    const topics = [...new Set(retryTopics)]
    return [
      ...topics.map(topic => node(each.topology, { kind: 'source', name: `${topic.name}-source`, parents: [], topic })),
      { ...each, definition: { ...definition, calls: { ...definition.calls, retryTopics }, parents: [...definition.parents, ...topics.map(topic => `${topic.name}-source`)] } },
      ...topics.map(topic => node(each.topology, { kind: 'sink', name: `${topic.name}-sink`, parents: [name], topic, wire: unreached }))
    ]
  })
}

/** What is sent to a retry topic is the source's record as it came, when its unit undoes it: no record goes there through the graph. */
const unreached: NonNullable<NodeDefinition['wire']> = () => () => {}

/** By the index of a delay. Named as the policy says where the application runs under its topology's name, as it does unless somebody gives it another id. */
function retryTopicsOf (topology: string, { processor: { name, retry }, key, value }: NonNullable<NodeDefinition['calls']>): Topic[] {
  if (retry.kind !== 'delay-topics') return []
  const { topicName } = retry
  const byName = new Map<string, Topic>()
  return retry.delays.map(({ text }) => {
    const own = `${name}.retry.${text}`
    const given = topicName?.(text)
    const nameOn = given === undefined ? undefined : (applicationId: string) => applicationId === topology ? given : `${applicationId}-${given}`
    const topic = byName.get(own) ?? defineInternalTopic({ name: own, key, value, nameOn })
    byName.set(own, topic)
    return topic
  })
}

function node (topology: string, definition: NodeDefinition): Added {
  return { definition, topology, stores: [] }
}
