import { ByteReader } from '../serdes/byte-reader.ts'
import { DecodeError } from '../serdes/decode-error.ts'
import { SchemaNotLoaded } from '../serdes/schema-not-loaded.ts'
import type { Serde } from '../serdes/serde.ts'
import type { CompiledSchema, Schemas } from './schemas.ts'

/** Values that bear the id of their schema, in Confluent's format. What needs a schema that is not here throws `SchemaNotLoaded`. */
export interface RegistrySerde extends Serde<unknown> {
  /** Loads schemas, and the latest of the subject, which values are written with. Ids that the registry does not have are decode errors from then on. */
  prepare (ids?: Iterable<number>): Promise<void>
}

/** Reads and writes with one schema what stands behind its id. */
export interface Codec {
  /** Throws `DecodeError`. */
  decode (payload: Buffer): unknown
  /** Throws where the value does not fit the schema. */
  encode (value: unknown): Buffer
}

export interface Format {
  readonly name: 'avro' | 'protobuf' | 'json'
  readonly codecFor: (schema: CompiledSchema) => Codec
}

const magicByte = 0
const headSize = 5

export function registrySerde (schemas: Schemas, subject: string, format: Format): RegistrySerde {
  const codecs = new Map<number, Codec>()

  async function prepare (ids: Iterable<number> = []): Promise<void> {
    await Promise.all([schemas.loadLatest(subject), ...Array.from(ids, id => schemas.load(id))])
  }

  function codecOf (id: number): Codec {
    const known = codecs.get(id)
    if (known !== undefined) return known
    if (schemas.isAbsent(id)) throw new DecodeError('decode', `The value has the schema ${id}, which the registry does not have.`)
    const schema = schemas.get(id)
    if (schema === undefined) throw new SchemaNotLoaded(`Schema ${id} is not loaded yet.`, id, () => schemas.load(id))
    if (schema.type !== format.name) throw new DecodeError('decode', `The value has the schema ${id}, which is ${schema.type}; ${format.name} belongs here.`)
    const codec = format.codecFor(schema)
    codecs.set(id, codec)
    return codec
  }

  return {
    name: format.name,
    decode (bytes) {
      const reader = new ByteReader(bytes, 'The value')
      const first = reader.byte()
      if (first !== magicByte) throw reader.broken(`its first byte is ${first}, and 0 begins a value with a schema`)
      return codecOf(reader.int()).decode(reader.take(reader.remaining))
    },
    encode (value) {
      const id = schemas.latest(subject)
      if (id === undefined) throw new SchemaNotLoaded(`The latest schema of subject '${subject}' is not loaded yet.`, undefined, () => schemas.loadLatest(subject))
      const payload = codecOf(id).encode(value)
      const head = Buffer.alloc(headSize)
      head.writeInt32BE(id, 1)
      return Buffer.concat([head, payload])
    },
    prepare
  }
}
