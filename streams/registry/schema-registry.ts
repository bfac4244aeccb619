import { avro } from './avro.ts'
import { jsonSchema } from './json-schema.ts'
import { protobufFormat } from './protobuf.ts'
import { registrySerde, type RegistrySerde } from './registry-serde.ts'
import { Schemas, type SchemaRegistryOptions } from './schemas.ts'

export type { RegistrySerde, SchemaRegistryOptions }

/** Serdes whose schemas are in a registry; `serdes.checked` gives their values a type. */
export interface SchemaRegistry {
  /** Values are read with the schema they bear, and written with the latest of the subject. */
  avro (subject: string): RegistrySerde
  jsonSchema (subject: string): RegistrySerde
  /** `message` is the full name of the type that is written; the file's first where it is left out. */
  protobuf (subject: string, message?: string): RegistrySerde
}

/** A registry that speaks Confluent's protocol. All its serdes share what is loaded. */
export function schemaRegistry (options: SchemaRegistryOptions): SchemaRegistry {
  const schemas = new Schemas(options)
  return {
    avro: subject => registrySerde(schemas, subject, avro),
    jsonSchema: subject => registrySerde(schemas, subject, jsonSchema),
    protobuf: (subject, message) => registrySerde(schemas, subject, protobufFormat(message))
  }
}
