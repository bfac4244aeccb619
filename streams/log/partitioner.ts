const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/** The partition Java producers choose for a key, so that records of one key meet whoever wrote them. */
export function partitionFor (key: Buffer, partitions: number): number {
  // Clears the sign bit as Java does; `Math.abs` and `>>> 0` give other partitions for half of all keys.
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** Kafka's murmur2: a signed 32-bit number, bit for bit that of `org.apache.kafka.common.utils.Utils`. */
export function murmur2 (data: Buffer): number {
  const whole = data.length & ~3
  let hash = seed ^ data.length
  for (let i = 0; i < whole; i += 4) {
    hash = Math.imul(hash, multiplier) ^ scramble(data.readInt32LE(i))
  }
  return finish(whole < data.length ? mixTail(hash, data, whole) : hash)
}

function scramble (word: number): number {
  const mixed = Math.imul(word, multiplier)
  return Math.imul(mixed ^ (mixed >>> 24), multiplier)
}

function mixTail (hash: number, data: Buffer, from: number): number {
  return Math.imul(hash ^ data.readUIntLE(from, data.length - from), multiplier)
}

function finish (hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 13), multiplier)
  return mixed ^ (mixed >>> 15)
}
