/** The text of a topology file. Chains of twenty nodes: stateless operators, branches, a window, a table and a join in each. */
export function largeTopology (nodes: number, framework: string): string {
  const operators = [
    'const kept# = source#.filter(value => value !== null)',
    "const numbered# = kept#.mapValues((value, key) => ({ key, length: (value ?? '').length }))",
    'const { short: short#, long: long# } = numbered#.branch({ short: (value): value is { key: string | null, length: number } => value.length < 3, long: (value): value is { key: string | null, length: number } => value.length >= 3 })',
    'const lengths# = short#.mapValues(({ length }) => length, { value: serdes.int })',
    'const positive# = lengths#.filterNot(length => length === 0)',
    'const looked# = positive#.peek(({ value }) => value)',
    'const again# = long#.mapValues(({ length }) => length, { value: serdes.int })',
    'const merged# = looked#.merge(again#)',
    'const many# = merged#.flatMapValues(length => [length, length + 1], { value: serdes.int })',
    'const rekeyed# = many#.selectKey(value => String(value), { key: serdes.string })',
    'const grouped# = rekeyed#.groupByKey()',
    'const totals# = grouped#.aggregate(() => 0, (total, value) => total + value, { store: { value: serdes.int } })',
    'const windows# = grouped#.windowedBy(timeWindows({ sizeMs: 10, graceMs: 0 })).count()',
    'const doubled# = totals#.mapValues(total => total * 2)',
    'const even# = doubled#.filter(total => total % 4 === 0)',
    'const both# = totals#.join(even#, (total, even) => String(total + even))',
    'const joined# = rekeyed#.leftJoin(totals#, (value, total) => value + (total ?? 0))',
    'joined#.mapValues(value => String(value), { value: serdes.string }).to(topics.texts)',
    'windows#.toStream().foreach(({ key: { window }, value }) => [window.start, value])',
    'both#.toStream().to(topics.texts)'
  ]
  const lines = Array.from({ length: nodes }, (_, at) => {
    const chain = Math.floor(at / operators.length)
    const line = (operators[at % operators.length] ?? '').replaceAll('#', String(chain))
    return at % operators.length === 0 ? `  const source${chain} = stream(topics.lines)\n  ${line}` : `  ${line}`
  })
  return `import { defineTopic, defineTopology, serdes, timeWindows } from '${framework}'

const topics = {
  lines: defineTopic({ name: 'lines', key: serdes.string, value: serdes.string }),
  texts: defineTopic({ name: 'texts', key: serdes.string, value: serdes.string })
}

export const large = defineTopology('large', ({ stream }) => {
${lines.join('\n')}
})

export { timeWindows }
`
}
