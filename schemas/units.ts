const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** `500ms`, `30s`, `5m`, `1h` or `2d` in milliseconds; undefined where it is none. */
export function readDuration (text: string): number | undefined {
  return readAmount(text, MILLISECONDS)
}

/** `104857600`, `500KiB`, `100MiB` or `1GiB` in bytes; undefined where it is none. */
export function readSize (text: string): number | undefined {
  return readAmount(text, BYTES)
}

function readAmount (text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? []
  return amount === undefined || !Object.hasOwn(units, unit) ? undefined : Number(amount) * (units[unit] ?? NaN)
}
