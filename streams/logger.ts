/** What the engine wants of a logger; pino's has this shape. */
export interface Logger {
  readonly debug: (fields: object, message: string) => void
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
  readonly error: (fields: object, message: string) => void
}

export const silentLogger: Logger = { debug () {}, info () {}, warn () {}, error () {} }
