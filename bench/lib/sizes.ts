const SMALLEST = 10_000

/** Of a state that grows tenfold each time. */
export function sizesUpTo (most: number): number[] {
  const sizes: number[] = []
  for (let keys = SMALLEST; keys <= most; keys *= 10) sizes.push(keys)
  return sizes
}
