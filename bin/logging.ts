import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** JSON lines for machines, readable ones on a terminal. Both go to standard error, so that standard output stays for answers. */
export function createLogger (name: string, level: string): Logger {
  const options = { name, level, base: { name } }
  return process.stderr.isTTY
    ? pino(options, pretty({ destination: 2, ignore: 'hostname,pid,name', translateTime: 'HH:MM:ss', sync: true }))
    : pino(options, pino.destination(2))
}
