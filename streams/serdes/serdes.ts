import { boolean } from './boolean.ts'
import { bytes } from './bytes.ts'
import { checked } from './checked.ts'
import { double, float } from './floats.ts'
import { int, short } from './integers.ts'
import { json } from './json.ts'
import { list } from './list.ts'
import { bigint, long } from './long.ts'
import { text } from './text.ts'
import { uuid } from './uuid.ts'
import { sessionWindowed, timeWindowed } from './windowed.ts'

/** All serdes of keys and values, byte for byte those of Kafka and Kafka Streams. */
export const serdes = Object.freeze({
  string: text, short, int, long, bigint, float, double, boolean, uuid, json, checked, bytes, list, timeWindowed, sessionWindowed
})
