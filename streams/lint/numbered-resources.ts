import { isNumbered } from '../graph/numbered.ts'
import { internalTopicsOf } from '../graph/topic-names.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Tables and internal topics that are called by a number: an operator more before them, and their rows and records are not found any more. Kafka Streams' `ensure.explicit.internal.resource.naming`. */
export function numberedResources ({ topology }: Pick<LintSubject, 'topology'>): Finding[] {
  const rule = 'numbered-resources'
  const found = 'numbered by its place: one operator more before it, and another is looked for.'
  return [
    ...topology.stores.filter(({ name }) => isNumbered(name)).map(({ name }): Finding => ({
      rule, severity: 'warning', node: name, found: `A store's name is ${found}`, todo: 'Name the store where it is made: { store: { name } }; of a join of streams { storeName }, of other joins, suppress and grace { name }.'
    })),
    ...internalTopicsOf(topology).filter(({ name }) => isNumbered(name)).map(({ name }): Finding => ({
      rule, severity: 'warning', node: name, found: `An internal topic's name is ${found}`, todo: 'Name what makes it: the store of the aggregate, groupBy(…, { name }), repartition({ name }) or the join.'
    }))
  ]
}
