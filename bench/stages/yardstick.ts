import { median } from '../lib/statistics.ts'

const ROUNDS = 15
const TIMES = 5_000

/** How long this thread takes for a small piece of everyday work: a text to objects, a table by name, a text again. In µs. */
export function yardstick (): number {
  const text = JSON.stringify({ id: '0123456789abcdef', list: Array.from({ length: 10 }, (_, index) => ({ name: `name-${index}`, value: index })) })
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begun = process.threadCpuUsage()
    let length = 0
    for (let count = 0; count < TIMES; count++) length += work(text)
    const { user, system } = process.threadCpuUsage(begun)
    return length === 0 ? Number.NaN : (user + system) / TIMES
  })
  return median(rounds.slice(5))
}

function work (text: string): number {
  const { list }: { readonly list: readonly { readonly name: string, readonly value: number }[] } = JSON.parse(text)
  const table = new Map(list.map(({ name, value }) => [name, value]))
  return JSON.stringify([...table]).length
}
