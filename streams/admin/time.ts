const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?$/
const DURATION = /^P(?=[\dT])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/

/** `YYYY-MM-DDTHH:mm:SS.sss`, in UTC where no zone is given, as milliseconds; undefined for anything else. */
export function readDateTime (text: string): number | undefined {
  const match = DATE_TIME.exec(text)
  if (match === null || !isCalendarDay(text.slice(0, 10))) return undefined
  const time = Date.parse(match[3] === undefined ? text + 'Z' : text)
  return Number.isNaN(time) ? undefined : time
}

/** `PnDTnHnMnS` as milliseconds, a day being 24 hours; undefined for anything else. */
export function readDuration (text: string): number | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match
  return Math.round(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000)
}

/** `Date` takes 31 February for 3 March. */
function isCalendarDay (day: string): boolean {
  const date = new Date(day + 'T00:00:00Z')
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
