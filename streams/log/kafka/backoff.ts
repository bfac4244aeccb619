/** Milliseconds before the next try: doubled each time, with jitter so that a whole fleet does not come back at once. */
export function backoffMs (failures: number, { first = 100, most = 1_000 }: { readonly first?: number, readonly most?: number } = {}): number {
  const delay = Math.min(most, first * 2 ** Math.min(failures, 30))
  return Math.round(delay * (0.8 + Math.random() * 0.4))
}
