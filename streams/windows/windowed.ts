/** From `start` on, up to `end`, in ms since 1970. Of a time window the end is the first ms after it, of a session its last record's. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** A key together with the window that its value was made of. */
export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}

/** `[key@start/end]`, as Kafka Streams prints it. */
export function printWindowed ({ key, window }: Windowed<unknown>): string {
  return `[${String(key)}@${window.start}/${window.end}]`
}
