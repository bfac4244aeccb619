/** What tests of topologies use: the real engine without services, under a clock that the test moves. */
export { createTestDriver, type TestDriver, type TestDriverOptions } from './testing/test-driver.ts'
export type { InputTopic, OutputRecord, OutputTopic, PipedRecord, PipeOptions } from './testing/topics.ts'
export type { DeadLetter } from './testing/dead-letters.ts'
export type { TaskMetrics } from './testing/driver-metrics.ts'
export { NondeterminismError } from './testing/checked-runner.ts'
export type { NamedStoreView, StoreView, StoreViewOf, StoreViews, TableStoreView, TableStoreViewOf, WindowedStoreView } from './testing/store-view.ts'
export type { StoreEntry } from './queries/store-views.ts'
