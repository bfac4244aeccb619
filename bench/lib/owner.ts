/** What the tests' helpers ask of a test, for a benchmark: a name, and an end at which what was opened is closed, newest first. */
export class Owner {
  readonly name: string
  readonly #closers: (() => Promise<unknown> | void)[] = []

  constructor (name: string) {
    this.name = name
  }

  after (close: () => Promise<unknown> | void): void {
    this.#closers.push(close)
  }

  diagnostic (message: string): void {
    process.stderr.write(`${message}\n`)
  }

  async end (): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close()
  }
}

/** Runs work that owns things, and closes them whatever comes. */
export async function owning<T> (name: string, work: (owner: Owner) => Promise<T>): Promise<T> {
  const owner = new Owner(name)
  try {
    return await work(owner)
  } finally {
    await owner.end()
  }
}
