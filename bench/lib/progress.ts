const EVERY_MS = 50

/** What a program of ours says as a peer, see peer.ts. */
export interface Progress {
  readonly at: (records: number) => void
  readonly committed: (records: number) => void
  readonly result: () => void
}

export function openProgress (): Progress {
  let said = -Infinity
  const say = (line: string): void => { process.stdout.write(line + '\n') }
  return {
    at (records) {
      if (performance.now() - said < EVERY_MS) return
      said = performance.now()
      say(`progress ${records}`)
    },
    committed (records) {
      say(`progress ${records}`)
      say('committed')
    },
    result: () => say('result')
  }
}
