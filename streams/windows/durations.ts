/** Durations come from people: what is no number of milliseconds is refused where it is written down, not where a record meets it. */
export function checkMs (windows: string, name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${windows}: ${name} is ${value}; give a whole number of milliseconds.`)
  if (value < least) throw new RangeError(`${windows}: ${name} is ${value}; it must be ${least} or more.`)
  return value
}
