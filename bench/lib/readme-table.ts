import { readFile, writeFile } from 'node:fs/promises'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { round } from './statistics.ts'
import type { SavedResult } from './report.ts'

const README = new URL('../../README.md', import.meta.url)
const BEGIN = '<!-- Written by `npm run bench`: begin -->'
const END = '<!-- Written by `npm run bench`: end -->'

/** The works of which README says who did how much. */
const WORKS = ['throughput', 'warm', 'one-at-a-time', 'counting', 'windows']

/** As `summaryOf` has left it; what was not measured is null in the file. */
const Summary = Type.Array(Type.Object({
  subject: Type.String(),
  problem: Type.Union([Type.String(), Type.Null()]),
  correct: Type.Boolean(),
  eventsPerSecond: Type.Union([Type.Number(), Type.Null()]),
  subjectCpuMicros: Type.Union([Type.Number(), Type.Null()]),
  postgresCpuMicros: Type.Union([Type.Number(), Type.Null()])
}))

type Row = Static<typeof Summary>[number]

/** Writes README's table anew from the results that are there. */
export async function writeReadmeTable (results: readonly SavedResult[]): Promise<void> {
  const readme = await readFile(README, 'utf8')
  const [before, after] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (before === -1 || after === -1) throw new Error(`README.md has no place for the results: '${BEGIN}' and '${END}' around it.`)
  await writeFile(README, `${readme.slice(0, before + BEGIN.length)}\n\n${renderReadmeTable(results)}\n\n${readme.slice(after)}`)
}

/** The first subject of each work is ours; the others' CPU is told in times of it. */
function renderReadmeTable (results: readonly SavedResult[]): string {
  const lines = WORKS.flatMap(work => {
    const result = results.find(({ name }) => name === work)
    if (result === undefined) return []
    const rows = Value.Parse(Type.Object({ summary: Summary }), result.numbers).summary
    return [`| **${result.tables[0]?.title ?? work}** | | | |`, ...rows.map(row => lineOf(row, rows[0]))]
  })
  return ['| | records/s | CPU per record, with Postgres\' | against the first |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

function lineOf (row: Row, first: Row | undefined): string {
  if (row.problem !== null) return `| ${row.subject} | did not run: see bench/RESULTS.md | | |`
  const [cpu, reference] = [cpuOf(row), first === undefined ? null : cpuOf(first)]
  const times = cpu === null || reference === null || row === first ? '' : `${round(cpu / reference, 1)} × the CPU`
  return `| ${row.subject}${row.correct ? '' : ' (WRONG result)'} | ${row.eventsPerSecond === null ? '–' : round(row.eventsPerSecond).toLocaleString('en')} | ${cpu === null ? '–' : `${round(cpu)} µs`} | ${times} |`
}

function cpuOf ({ subjectCpuMicros, postgresCpuMicros }: Row): number | null {
  return subjectCpuMicros === null ? null : subjectCpuMicros + (postgresCpuMicros ?? 0)
}
