import type { Logger } from '../logger.ts'
import type { Pause, PauseKind, Pauses } from '../pauses.ts'

const FIRST_REMINDER_MS = 1_000
const LONGEST_REMINDER_MS = 60_000

/** Says each pause when it begins, again after 1, 2, 4 … seconds up to a minute, and how long it took when it is over. */
export function logPauses (pauses: Pauses, logger: Logger): { readonly stop: () => void } {
  const reminders = new Map<PauseKind, NodeJS.Timeout>()
  const remind = (kind: PauseKind, afterMs: number): void => {
    reminders.set(kind, setTimeout(() => {
      const pause = pauses.of(kind)
      if (pause !== undefined) logger.warn(fieldsOf(pause), 'still waiting')
      remind(kind, Math.min(LONGEST_REMINDER_MS, afterMs * 2))
    }, afterMs).unref())
  }
  pauses.listen({
    began (pause) {
      // Every rebalance begins one, and is no reason to worry.
      logger[pause.kind === 'rebalance' ? 'info' : 'warn'](fieldsOf(pause), 'waiting; nothing is skipped meanwhile')
      remind(pause.kind, FIRST_REMINDER_MS)
    },
    ended ({ kind, attempts }, seconds) {
      clearTimeout(reminders.get(kind))
      logger.info({ pause: kind, attempts, seconds }, 'going on')
    }
  })
  return { stop: () => { for (const reminder of reminders.values()) clearTimeout(reminder) } }
}

function fieldsOf ({ kind, waitsFor, reason, since, attempts, about }: Pause): object {
  return { pause: kind, waitsFor, reason, since, attempts, ...(about.length === 0 ? {} : { about }) }
}
