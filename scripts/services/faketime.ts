import { globSync } from 'node:fs'
import { requireProgram } from './programs.ts'

/** The library which, loaded before a program, tells it another time of day. */
export async function requireFaketime (): Promise<string> {
  return await requireProgram(() => globSync('/usr/lib/*/faketime/libfaketime.so.1')[0], 'libfaketime', 'libfaketime')
}
