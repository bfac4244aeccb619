import protobuf from 'protobufjs'
import type { ByteReader } from '../serdes/byte-reader.ts'
import { encodeLength, readLength } from '../serdes/varint.ts'

/** The place of a message's type in its file: of a nested one, the places of those around it first. */
export type MessagePath = readonly number[]

/** The message types of a file or of a message, in the order in which they are written there. */
export function messagesIn (parent: protobuf.NamespaceBase): protobuf.Type[] {
  const messages = parent.nestedArray.filter(child => child instanceof protobuf.Type)
  if (messages.length > 0 || parent instanceof protobuf.Type) return messages
  // A file's types are in its package, which is as deep as its name has parts.
  return parent.nestedArray.flatMap(child => child instanceof protobuf.Namespace ? messagesIn(child) : [])
}

export function messageAt (messages: readonly protobuf.Type[], [place = 0, ...rest]: MessagePath): protobuf.Type | undefined {
  const message = messages[place]
  return message === undefined || rest.length === 0 ? message : messageAt(messagesIn(message), rest)
}

export function pathOf (messages: readonly protobuf.Type[], message: protobuf.Type): MessagePath {
  const place = messages.indexOf(message)
  if (place !== -1) return [place]
  const { parent } = message
  return parent instanceof protobuf.Type ? [...pathOf(messages, parent), messagesIn(parent).indexOf(message)] : []
}

/** As Confluent writes it: how many places, then the places; the file's first message is a single 0. */
export function encodePath (path: MessagePath): Buffer {
  if (path.length === 1 && path[0] === 0) return encodeLength(0)
  return Buffer.concat([path.length, ...path].map(encodeLength))
}

export function readPath (reader: ByteReader): MessagePath {
  const count = readLength(reader)
  if (count > reader.remaining) throw reader.broken(`its message is announced by ${count} places, and ${reader.remaining} bytes follow`)
  return count === 0 ? [0] : Array.from({ length: count }, () => readLength(reader))
}
