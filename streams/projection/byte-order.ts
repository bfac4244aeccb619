/**
 * Orders text as its UTF-8 bytes are ordered, which is how Postgres (collate "C") and Redis order it. JavaScript compares
 * UTF-16 units: there an astral character (a pair of surrogates, from U+D800) stands before U+E000 to U+FFFF.
 */
export function compareBytes (a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const unitOfA = a.charCodeAt(index)
    const unitOfB = b.charCodeAt(index)
    if (unitOfA !== unitOfB) return rank(unitOfA) - rank(unitOfB)
  }
  return a.length - b.length
}

function rank (unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
