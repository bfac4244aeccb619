import type { Store } from '../stores/store.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Stores whose rows nobody deletes. */
export function growsForEver ({ topology }: Pick<LintSubject, 'topology'>): Finding[] {
  return topology.stores.flatMap(store => {
    const found = reasonOf(store)
    return found === undefined ? [] : [{ rule: 'grows-for-ever', node: store.name, ...found }]
  })
}

function reasonOf (store: Store): Pick<Finding, 'severity' | 'found' | 'todo'> | undefined {
  if (store.kind === 'rows') {
    return { severity: 'note', found: 'A log of rows that are only added.', todo: 'Delete old rows of its table by a job of your own, if they are not to stay.' }
  }
  const contents = store.kind === 'ordered' ? store.contents : undefined
  if (contents?.shape === 'key-value' && /^(?:time|session)Windowed\(/.test(contents.key.name)) {
    return { severity: 'warning', found: 'It keeps a row for each window for ever: its rows are windowed, and it has no retention.', todo: 'Leave the store of this operator out, or aggregate with windowedBy(…) once more.' }
  }
  if (contents?.isAggregate === true) {
    return { severity: 'note', found: 'It keeps a row for every key that ever came.', todo: 'Where keys do not end, such as session ids, aggregate with windowedBy(…).' }
  }
  return undefined
}
