import { isNumbered } from '../graph/numbered.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Tables that no node reads and that have no store with a name to be asked by. */
export function unreadTables ({ topology: { nodes, tables, globals } }: Pick<LintSubject, 'topology'>): Finding[] {
  const unread = nodes.filter(node => {
    const readers = tables.get(node.name)
    return readers?.length === 0 && !nodes.some(({ parents }) => parents.includes(node)) && node.stores.every(({ name }) => isNumbered(name))
  })
  const finding = (node: string): Finding => ({
    rule: 'unread-tables', severity: 'warning', node, found: 'Nobody reads this table: no node stands behind it or joins with it, and its store has no name to be asked by.', todo: 'Name its store, { store: { name } }, read it, or remove it.'
  })
  return [...unread.map(({ name }) => finding(name)), ...globals.filter(({ readers, storeName }) => readers.length === 0 && isNumbered(storeName)).map(({ name }) => finding(name))]
}
