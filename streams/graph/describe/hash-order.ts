/**
 * The order in which a Java HashSet of these strings is walked, strings of one bucket in the given order.
 * Kafka Streams keeps names in such sets, and its description shows it. A set that is made as the copy of another begins
 * with more buckets.
 */
export function hashOrder (names: readonly string[], { isCopy = false }: { readonly isCopy?: boolean } = {}): string[] {
  const buckets = bucketsFor(isCopy ? Math.floor(names.length / 0.75) + 1 : names.length, isCopy ? 1 : 0.75)
  return names.toSorted((a, b) => bucketOf(a, buckets) - bucketOf(b, buckets))
}

/** A HashMap begins with 16 buckets and doubles them when more than three quarters are taken. */
function bucketsFor (size: number, load: number): number {
  let buckets = 16
  while (size > buckets * load) buckets *= 2
  return buckets
}

function bucketOf (name: string, buckets: number): number {
  let hash = 0
  for (let index = 0; index < name.length; index++) hash = (Math.imul(hash, 31) + name.charCodeAt(index)) | 0
  return (hash ^ (hash >>> 16)) & (buckets - 1)
}
