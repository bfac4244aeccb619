import { ByteReader } from './byte-reader.ts'
import { double, float } from './floats.ts'
import { int, short } from './integers.ts'
import { bigint, long } from './long.ts'
import type { Serde } from './serde.ts'
import { uuid } from './uuid.ts'

/** Kafka writes elements of these types without their length, and of no others of a fixed size: a boolean has one. */
const fixedSizes = new Map<Serde<unknown>, number>([[short, 2], [int, 4], [float, 4], [long, 8], [bigint, 8], [double, 8], [uuid, 36]])

const fixedSizeElements = 0
const variableSizeElements = 1
const lengthOfNull = -1

/** A list in the format of Kafka's ListSerializer, which knows elements that are null. */
export function list<T> (inner: Serde<T>): Serde<Array<T | null>> {
  const size = fixedSizes.get(inner)
  return {
    name: `list(${inner.name})`,
    decode (bytes) {
      const reader = new ByteReader(bytes, 'The list')
      const expected = size === undefined ? variableSizeElements : fixedSizeElements
      const found = reader.byte()
      if (found !== expected) throw reader.broken(`its first byte is ${found}, and ${expected} begins a list of ${inner.name}`)
      const elements = size === undefined ? readVariable(reader, inner) : readFixed(reader, inner, size)
      reader.expectEnd()
      return elements
    },
    encode: values => size === undefined ? writeVariable(values, inner) : writeFixed(values, inner)
  }
}

/** Indexes of the nulls, then the elements that are none. */
function writeFixed<T> (values: ReadonlyArray<T | null>, inner: Serde<T>): Buffer {
  const nulls = values.flatMap((value, index) => value === null ? [int.encode(index)] : [])
  const elements = values.flatMap(value => value === null ? [] : [inner.encode(value)])
  return Buffer.concat([Buffer.of(fixedSizeElements), int.encode(nulls.length), ...nulls, int.encode(values.length), ...elements])
}

function readFixed<T> (reader: ByteReader, inner: Serde<T>, size: number): Array<T | null> {
  const indexes = new ByteReader(reader.take(reader.int() * 4), 'The index of nulls')
  const nulls = new Set<number>()
  while (indexes.remaining > 0) nulls.add(indexes.int())
  const count = reader.int()
  const elements: Array<T | null> = []
  expectPossible(reader, count, count - nulls.size, size)
  for (let index = 0; index < count; index++) elements.push(nulls.has(index) ? null : inner.decode(reader.take(size)))
  return elements
}

/** Each element behind its length. */
function writeVariable<T> (values: ReadonlyArray<T | null>, inner: Serde<T>): Buffer {
  const elements = values.flatMap(value => {
    if (value === null) return [int.encode(lengthOfNull)]
    const bytes = inner.encode(value)
    return [int.encode(bytes.length), bytes]
  })
  return Buffer.concat([Buffer.of(variableSizeElements), int.encode(values.length), ...elements])
}

function readVariable<T> (reader: ByteReader, inner: Serde<T>): Array<T | null> {
  const count = reader.int()
  const elements: Array<T | null> = []
  expectPossible(reader, count, count, 4)
  for (let index = 0; index < count; index++) {
    const length = reader.int()
    elements.push(length === lengthOfNull ? null : inner.decode(reader.take(length)))
  }
  return elements
}

/** A count out of broken bytes must not let the list grow to it. */
function expectPossible (reader: ByteReader, count: number, written: number, size: number): void {
  if (count < 0 || written * size > reader.remaining) throw reader.broken(`${count} elements are announced, and ${reader.remaining} bytes follow`)
}
