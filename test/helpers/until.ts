import { ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until it is so; fails with the sentence when that takes longer than a minute. */
export async function until (sentence: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!await isSo()) {
    ok(Date.now() < deadline, `after ${timeoutMs} ms it is not so that ${sentence}`)
    await sleep(50)
  }
}
