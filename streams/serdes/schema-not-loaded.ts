/**
 * A schema of the registry is needed that is not here yet; serdes do not wait. Whoever can, awaits `load` and does again what
 * threw this. It also comes through serdes that are built on another, such as a list.
 */
export class SchemaNotLoaded extends Error {
  override readonly name = 'SchemaNotLoaded'
  /** The schema that a value bears; undefined where the latest one of the subject is missing, to write with. */
  readonly id: number | undefined
  /** Rejects with `FatalError` where no waiting helps, else as long as the registry is away. */
  readonly load: () => Promise<void>

  constructor (message: string, id: number | undefined, load: () => Promise<void>) {
    super(message)
    this.id = id
    this.load = load
  }
}
