import { down, status, up } from './services.ts'
import { exportLines, stateDirectory } from './state.ts'

const usage = `Real Kafka, Redis and Postgres without Docker, on free ports, shared by everything this user runs.

  npm run services -- up       start what is missing, print the variables that lead there
  npm run services -- status   what runs now
  npm run services -- down     stop them and forget their data

In a shell: eval "$(npm run --silent services -- up)"
`

/** `up` prints nothing on stdout but lines a shell can evaluate; all else is told on stderr. */
async function main (command: string | undefined): Promise<number> {
  const directory = stateDirectory()
  if (command === 'up') {
    const { running, missing } = await up(directory)
    for (const { name, problem } of missing) console.error(`${name} could not be started: ${problem}`)
    process.stdout.write(exportLines(running))
    return missing.length === 0 ? 0 : 1
  }
  if (command === 'down') {
    const stopped = await down(directory)
    console.error(stopped.length === 0 ? 'Nothing was running' : `Stopped ${stopped.map(({ name }) => name).join(', ')}`)
    return 0
  }
  if (command === 'status') {
    const services = await status(directory)
    for (const { name, address, pid, directory } of services) console.log(`${name.padEnd(8)} ${address}  pid ${pid}  log ${directory}/log`)
    if (services.length === 0) console.log('Nothing is running; start with: npm run services -- up')
    return 0
  }
  process.stderr.write(usage)
  return 2
}

process.exitCode = await main(process.argv[2])
