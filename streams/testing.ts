/** What tests of topologies use: the real engine without services, under a clock that the test moves. */
export { createTestDriver, type TestDriver, type TestDriverOptions } from './testing/test-driver.ts'
export type { InputTopic, OutputRecord, OutputTopic, PipedRecord, PipeOptions } from './testing/topics.ts'
