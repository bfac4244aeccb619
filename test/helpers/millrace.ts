import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Services } from './services.ts'

const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))

/** The command line on these services, as users call it. */
export async function millrace ({ kafka, postgres, redis, environment = {} }: Services & { readonly environment?: Readonly<Record<string, string>> }, ...args: string[]): Promise<{ code: number | string | null | undefined, stdout: string, stderr: string }> {
  const env = { ...process.env, KAFKA_BOOTSTRAP: kafka, DATABASE_URL: postgres, REDIS_URL: redis, ...environment }
  return await new Promise(resolve => {
    execFile(process.execPath, [MILLRACE, ...args], { env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }))
  })
}
