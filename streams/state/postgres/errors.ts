import { messageOf } from '../../errors.ts'
import { StateError, type StateErrorKind } from '../state.ts'

/** What an error of Postgres or of its connection means for a unit, by SQLSTATE class. */
export function classify (error: unknown): StateError {
  if (error instanceof StateError) return error
  const code = sqlStateOf(error)
  return new StateError(kindOf(code), code === undefined ? messageOf(error) : `${messageOf(error)} (SQLSTATE ${code})`, error)
}

/** 23505 is a conflict: another writer's row; the unit reads afresh and runs again. */
const CONFLICT_OR_OUTAGE = new Set(['08', '25', '40', '53', '55', '57', '58', 'XX'])

function kindOf (code: string | undefined): StateErrorKind {
  if (code === undefined || code === '23505') return 'outage'
  const sqlClass = code.slice(0, 2)
  if (CONFLICT_OR_OUTAGE.has(sqlClass)) return 'outage'
  if (sqlClass === '22' || sqlClass === '23' || code === '54000') return 'data'
  return 'fatal'
}

/** Errors of the network and of the driver have codes too (ECONNREFUSED), but not of five SQLSTATE characters. */
function sqlStateOf (error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}
