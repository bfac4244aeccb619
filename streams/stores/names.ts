/** What Postgres keeps of a name; the rest it cuts off without a word, and two names become one. */
const MAX_NAME_BYTES = 63

/** The engine's own tables begin so. */
const RESERVED = 'millrace_'

/**
 * Names that become SQL identifiers or Redis segments are refused when the topology is built, not when a statement fails.
 * `suffix` is what a second table of the store has behind its name.
 */
export function checkStoreName (kind: string, name: string, suffix = ''): void {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new TypeError(`${kind} '${name}': a store's name is its table and its Redis segment; use lower-case letters, digits and '_', beginning with a letter.`)
  }
  if (name.startsWith(RESERVED)) throw new TypeError(`${kind} '${name}': tables that begin with '${RESERVED}' are the engine's own; choose another name.`)
  const longest = MAX_NAME_BYTES - suffix.length
  if (name.length > longest) throw new TypeError(`${kind} '${name}' has ${name.length} characters; Postgres cuts names after ${MAX_NAME_BYTES}, so it may have ${longest}.`)
}

/** A table whose name only ever stands in quotes: what Kafka Streams allows for a store, as long as Postgres keeps all of it. */
export function checkTableName (kind: string, name: string): void {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw new TypeError(`${kind} '${name}': a name has letters, digits, '.', '_' or '-'.`)
  if (name.startsWith(RESERVED)) throw new TypeError(`${kind} '${name}': tables that begin with '${RESERVED}' are the engine's own; choose another name.`)
  if (name.length > MAX_NAME_BYTES) throw new TypeError(`${kind} '${name}' has ${name.length} characters; it is a table, and Postgres cuts names after ${MAX_NAME_BYTES}: give it a shorter name.`)
}
