import protobuf from 'protobufjs'
import { FatalError, messageOf } from '../errors.ts'
import { ByteReader } from '../serdes/byte-reader.ts'
import { DecodeError } from '../serdes/decode-error.ts'
import { encodePath, messageAt, messagesIn, pathOf, readPath } from './message-index.ts'
import type { Format } from './registry-serde.ts'

/** Whole numbers of 64 bits are texts and enums are names, as in Protobuf's JSON; what is left out has its default. */
const asPlain = { longs: String, enums: String, defaults: true }

/** Google's own types, which files import without bringing them along. */
const google = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(name => protobuf.common.get(`google/protobuf/${name}.proto`))

/**
 * Messages of any type of the file, each behind the place of its type. Fields are named as in Protobuf's JSON: `order_id` is
 * `orderId`. Written is the type named `message`, with its package, or else the file's first.
 */
export function protobufFormat (message: string | undefined): Format {
  return {
    name: 'protobuf',
    codecFor ({ id, schema: root }) {
      if (!(root instanceof protobuf.Root)) throw new FatalError(`Schema ${id} is no Protobuf schema.`)
      const messages = messagesOf(root, id)
      const written = message === undefined ? messages[0] : usable(id, () => root.lookupType(message))
      return {
        decode (payload) {
          const reader = new ByteReader(payload, 'The value')
          const path = readPath(reader)
          const type = messageAt(messages, path)
          if (type === undefined) throw reader.broken(`it has the message at ${path.join('.')} of the Protobuf schema ${id}, where none is`)
          return read(type, reader.take(reader.remaining), id)
        },
        encode (value) {
          if (written === undefined) throw new FatalError(`The Protobuf schema ${id} has no message to write.`)
          if (typeof value !== 'object' || value === null) throw new TypeError(`A Protobuf message is written from an object, not from ${String(value)}.`)
          return Buffer.concat([encodePath(pathOf(messages, written)), written.encode(written.fromObject(value)).finish()])
        }
      }
    }
  }
}

/** The file's own messages. All serdes share the file, so it is completed once. */
function messagesOf (root: protobuf.Root, id: number): readonly protobuf.Type[] {
  const known = completed.get(root)
  if (known !== undefined) return known
  const messages = messagesIn(root)
  usable(id, () => {
    for (const file of google) root.addJSON(file?.nested ?? {})
    root.resolveAll()
  })
  completed.set(root, messages)
  return messages
}

const completed = new WeakMap<protobuf.Root, readonly protobuf.Type[]>()

function usable<T> (id: number, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw new FatalError(`The Protobuf schema ${id} cannot be used: ${messageOf(error)}. Types of other subjects are not loaded.`, { cause: error })
  }
}

function read (type: protobuf.Type, bytes: Buffer, id: number): unknown {
  try {
    return type.toObject(type.decode(bytes), asPlain)
  } catch (error) {
    throw new DecodeError('decode', `The value is not the message ${type.name} of the Protobuf schema ${id}: ${messageOf(error)}`)
  }
}
