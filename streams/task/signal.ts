/** Something to wait for that may already have happened. */
export class Signal {
  #raised = false
  #resolve: (() => void) | undefined

  raise (): void {
    this.#raised = true
    this.#resolve?.()
    this.#resolve = undefined
  }

  /** Resolves when it was raised since the last wait, or after the time given. One waiter at a time. */
  async wait (timeoutMs: number): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, timeoutMs)
        this.#resolve = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#raised = false
    this.#resolve = undefined
  }
}
