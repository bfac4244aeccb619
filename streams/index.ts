/** The public API of the framework: what topologies, processors, stores and executables use. */
export { contractOf, isRejected, isValid, Rejected, type Contract, type Refusal } from './graph/contract.ts'
export { defineProcessor, type Processor, type ProcessorContext } from './graph/processor.ts'
export type { StreamRecord } from './graph/record.ts'
export { bytes, json, text, DecodeError, type Serde } from './graph/serde.ts'
export type { Stream } from './graph/stream.ts'
export { defineInternalTopic, defineTopic, type Topic } from './graph/topic.ts'
export { defineTopology, type Topology, type TopologyBuilder } from './graph/topology.ts'
export { silentLogger, type Logger } from './logger.ts'
export { FatalError, messageOf, TopologyError } from './errors.ts'
export { column, nullable, type Column, type Columns, type KeyOf, type RowOf } from './stores/columns.ts'
export { defineCounter, type Counter, type CounterWriter } from './stores/counter.ts'
export { defineKeyed, type Keyed, type KeyedWriter } from './stores/keyed.ts'
export { defineList, type List, type ListWriter } from './stores/list.ts'
export { defineRows, type Rows, type RowsWriter } from './stores/rows.ts'
export type { Store, WriterOf, WritersOf } from './stores/store.ts'
export { compareBytes } from './projection/byte-order.ts'
export {
  countsOf, entriesOf, NotLevelError, rankingOf, valueOf,
  type AnswersOf, type Question, type Ranked, type StateReader
} from './projection/state-reader.ts'
export { LogError, type Log, type LogRecord, type LogReader, type LogProducer, type OutgoingRecord, type TopicPartition } from './log/log.ts'
