import { SingleBar } from 'cli-progress'

export interface Progress {
  readonly looked: (records: number) => void
  readonly sent: (records: number) => void
  readonly stop: () => void
}

/** On a terminal: how far the topic is read, and how many were sent. Elsewhere nothing, nor where nothing is read through. */
export function showProgress (total: number | undefined): Progress {
  const bar = new SingleBar({ format: '{bar} {percentage}% of the topic, {sent} sent, {duration_formatted}', stream: process.stderr, clearOnComplete: true, hideCursor: true, noTTYOutput: false })
  const isShown = process.stderr.isTTY === true && total !== undefined
  if (isShown) bar.start(total, 0, { sent: 0 })
  return {
    looked: records => { if (isShown) bar.increment(records) },
    sent: records => { if (isShown) bar.update({ sent: records }) },
    stop: () => { if (isShown) bar.stop() }
  }
}
