import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireJava, type Java } from './java.ts'
import { run, spawnDetached, waitUntilReady } from './processes.ts'
import { findProgram, report, requireProgram } from './programs.ts'
import { cacheDirectory, type RunningService } from './state.ts'

const kafkaVersion = '4.1.2'

/** The logging binding must be that of the SLF4J which Kafka is built against, in the version of its log4j-core. */
const artifacts = [
  ['org.apache.kafka', 'kafka_2.13', kafkaVersion],
  ['org.apache.kafka', 'kafka-tools', kafkaVersion],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.3']
] as const

export interface KafkaExtras {
  /** Broker settings in place of ours and beside them. */
  readonly settings?: Readonly<Record<string, string>>
  /** More for the tool that makes the data directory, such as the users that may log in. */
  readonly formatArguments?: readonly string[]
}

/** One broker, its own controller (KRaft), on ports that the system chooses. */
export async function startKafka (directory: string, { settings, formatArguments = [] }: KafkaExtras = {}): Promise<RunningService> {
  await formatKafka(directory, brokerConfig(join(directory, 'data'), settings), ['--standalone', ...formatArguments])
  return await runKafka(directory)
}

/** Makes the storage of a broker that has not run yet. */
export async function formatKafka (directory: string, config: string, how: readonly string[]): Promise<void> {
  writeFileSync(configOf(directory), config)
  writeFileSync(loggingOf(directory), loggingConfig)
  const { program, args } = await kafkaProgram('kafka.tools.StorageTool', loggingOf(directory))
  await run(program, [...args, 'format', '-t', 'millrace', '-c', configOf(directory), ...how])
}

/** Starts the broker of a directory, for the first time or again on the data it left. */
export async function runKafka (directory: string): Promise<RunningService> {
  const config = configOf(directory)
  const logFile = join(directory, 'log')
  rmSync(logFile, { force: true })
  const { program, args } = await kafkaProgram('kafka.Kafka', loggingOf(directory), classArchive)
  const pid = await spawnDetached({ program, args: [...args, config], cwd: directory, logFile })
  await waitUntilReady(pid, logFile, async () => existsSync(logFile) && readFileSync(logFile, 'utf8').includes('Kafka Server started'))

  const port = brokerPort(readFileSync(logFile, 'utf8'))
  return { name: 'kafka', pid, commandContains: config, port, address: `127.0.0.1:${port}`, directory }
}

/** How one of the programs in Kafka's jars is run: the broker, or a tool. */
export async function kafkaProgram (
  main: string, logging: string, more: (java: Java, libs: string, cache: string) => readonly string[] = () => []
): Promise<{ readonly program: string, readonly args: readonly string[] }> {
  const cache = cacheDirectory()
  const java = await requireJava(cache)
  const libs = await requireJars(cache)
  const memory = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  return { program: java.program, args: [...memory, `-Dlog4j2.configurationFile=${logging}`, ...more(java, libs, cache), '-cp', join(libs, '*'), main] }
}

function configOf (directory: string): string {
  return join(directory, 'server.properties')
}

function loggingOf (directory: string): string {
  return join(directory, 'log4j2.properties')
}

/** The controller's listener is logged first, the broker's last. */
export function brokerPort (log: string): number {
  const port = [...log.matchAll(/socket connections on 127\.0\.0\.1:(\d+)/g)].at(-1)?.[1]
  if (port === undefined) throw new Error('Kafka started, but its log does not tell the port')
  return Number(port)
}

/** A broker on `dataDirectory`; what `settings` says goes before what is said here. */
export function brokerConfig (dataDirectory: string, settings: Readonly<Record<string, string | number>> = {}): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': '127.0.0.1:0',
    listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDirectory,
    'log.retention.ms': -1,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    // 130 MB less memory than with the default.
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3_000,
    ...settings
  }).map(([name, value]) => `${name}=${value}\n`).join('')
}

const loggingConfig = `
appender.o.type=Console
appender.o.name=o
appender.o.layout.type=PatternLayout
appender.o.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.o.ref=o
logger.k.name=kafka.server.KafkaRaftServer
logger.k.level=INFO
logger.n.name=kafka.network.DataPlaneAcceptor
logger.n.level=INFO
`

/** The folder of Kafka's jars: that of an unpacked Kafka, the cache, else filled once by Maven. */
async function requireJars (cache: string): Promise<string> {
  const unpacked = process.env['MILLRACE_KAFKA_LIBS']
  if (unpacked !== undefined) return unpacked
  const libs = join(cache, `kafka-${kafkaVersion}`)
  if (existsSync(libs)) return libs

  const maven = await requireProgram(() => findProgram('mvn'), 'Maven, which fetches Kafka (or set MILLRACE_KAFKA_LIBS to the libs folder of an unpacked Kafka),', 'maven')
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'download-'))
  try {
    console.error(`Fetching Kafka ${kafkaVersion} with Maven (54 MB, once)`)
    writeFileSync(join(work, 'pom.xml'), projectFile())
    await report(maven, ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs'], work)
    // Renamed when whole: a broken download never looks like a cache.
    if (!existsSync(libs)) renameSync(join(work, 'libs'), libs)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return libs
}

function projectFile (): string {
  const dependencies = artifacts.map(([group, artifact, version]) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`)
  return '<project><modelVersion>4.0.0</modelVersion>' +
    '<groupId>millrace</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>' +
    `<dependencies>${dependencies.join('')}</dependencies></project>`
}

/** Java's archive of loaded classes halves the start; the first broker writes it when it stops, later ones read it. */
function classArchive (java: Java, libs: string, cache: string): string[] {
  const fit = createHash('sha256').update(java.program + java.version + libs).digest('hex').slice(0, 12)
  const archive = join(cache, `kafka-${kafkaVersion}-${fit}.jsa`)
  return [existsSync(archive) ? `-XX:SharedArchiveFile=${archive}` : `-XX:ArchiveClassesAtExit=${archive}`]
}
