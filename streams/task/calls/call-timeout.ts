/** A call that was not answered in time; what it still does is not waited for. */
export class CallTimeout extends Error {
  override readonly name = 'TimeoutError'

  constructor (node: string, timeoutMs: number) {
    super(`Node '${node}' had no answer within ${timeoutMs} ms`)
  }
}
