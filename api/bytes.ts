/**
 * Compares two texts by their UTF-8 bytes, as Postgres' `collate "C"` and Redis do.
 *
 * JavaScript's `<` compares UTF-16 units, which is the same order but for one pair of ranges: the surrogates of an
 * astral character (U+D800–DFFF) stand below U+E000–FFFF, though its bytes stand above theirs.
 */
export function compareBytes (a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Lifts the surrogates above all other units. */
function rank (unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
