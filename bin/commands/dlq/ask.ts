import { createInterface } from 'node:readline/promises'

/** Whether somebody is there to be asked. */
export function canAsk (): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** No is the answer of who only presses return. */
export async function ask (question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
