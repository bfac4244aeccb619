import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createRandom, type Random } from '../../bin/sample-events.ts'

/** How much is tried: little where time matters, as much as told where faults are hunted. */
export const FUZZ = {
  records: Number(process.env['FUZZ_RECORDS'] ?? 20_000),
  requests: Number(process.env['FUZZ_REQUESTS'] ?? 2_000),
  sockets: Number(process.env['FUZZ_SOCKETS'] ?? 200)
} as const

/** Another chance each time, printed so that it can be had again: FUZZ_SEED=… npm run test:fuzz. */
export function seededRandom (t: TestContext): { readonly seed: number, readonly random: Random } {
  const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31))
  t.diagnostic(`FUZZ_SEED=${seed}`)
  return { seed, random: createRandom(seed) }
}

/** Values that have broken parsers, as JSON texts. */
const nastyTokens = [
  '9007199254740993', '-9007199254740993', '1e308', '1e309', '-1e999', '1e-400', '-0', '0.1', '123456789012345678901234567890', `1${'0'.repeat(400)}`, '4294967296', '2147483648', '-1',
  'null', 'true', 'false', '[]', '{}', '""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"__proto__"', '"constructor"', '"\\uFFFF\\u{1}"', '"é😀"', `"${'x'.repeat(300)}"`, `"${'😀'.repeat(129)}"`,
  'NaN', 'Infinity', 'undefined', '01', '1.', '.5', '+1', "'a'", '{"a":1,"a":2}', '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '[{"__proto__":[]}]'
]

const nastyBytes = ['ff', 'c080', 'eda080', 'e282', 'f4908080', '00', 'efbbbf', '80', 'f0'].map(hex => Buffer.from(hex, 'hex'))

const DEEP = 10_000
const deep = [`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`, '['.repeat(DEEP), `${'[{"a":'.repeat(DEEP / 2)}`]

/** A record's bytes, changed in one to three ways; mostly in one, after which it may still be JSON. */
export function mutate (bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let mutated = bytes
  for (let times = random.chance(0.7) ? 1 : 3; times > 0; times--) mutated = random.chance(0.6) ? mutateText(mutated, random) : mutateBytes(mutated, random, others)
  return mutated
}

function mutateText (bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString('latin1')
  const kind = random.below(200)
  // Rare, because it is large.
  if (kind === 0) return latin1(insertField(text, `"deep":${random.pick(deep)}`))
  if (kind === 1) return latin1(replaceValue(text, random.pick(deep), random))
  if (kind < 60) return latin1(replaceValue(text, random.pick(nastyTokens), random))
  if (kind < 100) return latin1(insertField(text, `${random.pick(['"__proto__"', '"constructor"', '"prototype"', '"toString"', '"event_id"', '"user_id"', '"items"', '"context"', '""'])}:${random.pick(nastyTokens)}`))
  if (kind < 140) return latin1(repeatField(text, random))
  if (kind < 170) return latin1(text.replaceAll(random.pick(['"', ':', ',', '{', '}', '[', ']', '\\']), random.pick(['', '"', ':', ',', '{', '}', '[', ']', '\\'])))
  return latin1(random.pick(['', ' ', '[', '"', '{"a":']) + text + random.pick(['', '\n', ']', '"', '}', '\u0000']))
}

function latin1 (text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function replaceValue (text: string, token: string, random: Random): string {
  const values = [...text.matchAll(/:\s*("(?:[^"\\]|\\.)*"|-?[\d.eE+]+|true|false|null|\[|\{)/g)]
  if (values.length === 0) return token
  const chosen = random.pick(values)
  return text.slice(0, chosen.index + 1) + token + text.slice(chosen.index + chosen[0].length)
}

function insertField (text: string, field: string): string {
  return text.replace('{', `{${field},`)
}

/** A key that is there already, with the value of another. */
function repeatField (text: string, random: Random): string {
  const names = [...text.matchAll(/"([a-z_]+)":/g)].map(([, name]) => name)
  return names.length === 0 ? text : insertField(text, `"${random.pick(names)}":${random.pick(nastyTokens)}`)
}

function mutateBytes (bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + random.below(20))
  switch (random.below(6)) {
    case 0: return bytes.subarray(0, at)
    case 1: return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 2: return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 3: return Buffer.concat([bytes.subarray(0, at), random.pick(nastyBytes), bytes.subarray(at)])
    case 4: {
      const other = random.pick(others)
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))])
    }
    default: {
      const flipped = Buffer.from(bytes)
      if (flipped.length > 0) flipped[random.below(flipped.length)] = random.below(256)
      return flipped
    }
  }
}

export function randomBytes (random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)))
}

/** A text for a query, a path or a header of a client that means no good. */
export function nastyText (random: Random): string {
  const text = random.pick([
    '', 'u1', '0', '-1', '1e9', '99999999999999999999', 'NaN', 'null', '__proto__', 'constructor', '\u0000', '\ud800', '😀'.repeat(64), 'x'.repeat(129), 'x'.repeat(3_000), "' or 1=1 --", '"; drop schema public; --',
    '../../etc/passwd', '{a:0}:fence', '*', '%', '%zz', '#{7*7}', '<script>', 'é', 'a,b', 'a\r\nb', '\u202e', '[object Object]', 'true', 'rules-v1', 'rules-v9'
  ])
  return random.chance(0.2) ? text + String.fromCharCode(random.below(0x10000)) : text
}
