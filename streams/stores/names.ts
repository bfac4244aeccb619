/** Names that become SQL identifiers or Redis segments are refused when the topology is built, not when a statement fails. */
export function checkStoreName (kind: string, name: string): void {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new TypeError(`${kind} '${name}': a store's name is its table and its Redis segment; use lower-case letters, digits and '_', beginning with a letter.`)
  }
  if (name.length > 63) throw new TypeError(`${kind} '${name}' has ${name.length} characters; Postgres cuts names after 63.`)
}
