/** A file on this machine that is to be stored. */
export interface FileToStore {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly contentType: string
}

/** What lies under a path of the store. */
export interface StoredObject {
  readonly bytes: number
  /** Undefined where somebody else put it there, without saying. */
  readonly sha256: string | undefined
}

/** Where files are kept for good: a folder, or a container of Azure. Whatever fails rejects with a `WorkError`, an abort with the signal's reason. */
export interface ObjectStore {
  /** For messages, without anything secret. */
  readonly name: string
  /** Undefined where nothing lies there. */
  readonly find: (path: string, signal: AbortSignal) => Promise<StoredObject | undefined>
  /**
   * The file is there as a whole and for good, or not at all. What lay there with another checksum is replaced.
   *
   * Delivered twice: a file that is there with its checksum is not sent again.
   */
  readonly put: (path: string, file: FileToStore, signal: AbortSignal) => Promise<void>
}
