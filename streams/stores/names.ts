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
