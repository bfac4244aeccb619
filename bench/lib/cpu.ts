import { readdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** Linux counts in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100

interface Stat {
  readonly parent: number
  readonly seconds: number
  /** With what its ended and awaited children took. */
  readonly secondsWithEnded: number
}

/** User and system time of a process so far; undefined where there is no /proc or the process is gone. */
export async function cpuSecondsOf (pid: number): Promise<number | undefined> {
  return (await readStat(pid))?.seconds
}

export async function parentOf (pid: number): Promise<number | undefined> {
  return (await readStat(pid))?.parent
}

/** A process, its children, and those of its children that have ended. */
export async function cpuSecondsOfTree (root: number): Promise<number | undefined> {
  const stat = await readStat(root)
  if (stat === undefined) return undefined
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const stats = await Promise.all(pids.map(readStat))
  return stats.reduce((sum, each) => sum + (each?.parent === root ? each.seconds : 0), stat.secondsWithEnded)
}

/** The most memory a process has held. */
export async function peakMegabytesOf (pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}

/** What all processes of this machine have taken so far, ours and others'. */
export function machineBusySeconds (): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000
}

async function readStat (pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in brackets may hold anything; the fields begin after the last bracket, with the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 15) return undefined
  const field = (number: number): number => Number(fields[number - 3])
  const seconds = (field(14) + field(15)) / TICKS_PER_SECOND
  return { parent: field(4), seconds, secondsWithEnded: seconds + (field(16) + field(17)) / TICKS_PER_SECOND }
}
