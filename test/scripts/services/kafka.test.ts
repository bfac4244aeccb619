import assert from 'node:assert/strict'
import { test } from 'node:test'
import { majorVersion } from '../../../scripts/services/java.ts'
import { brokerConfig, brokerPort } from '../../../scripts/services/kafka.ts'

test('the port is the last one in the log: the controller listens first', () => {
  const log = [
    '11:00:00.001 INFO DataPlaneAcceptor Awaiting socket connections on 127.0.0.1:40001.',
    '11:00:00.002 INFO DataPlaneAcceptor Awaiting socket connections on 127.0.0.1:40002.'
  ].join('\n')

  assert.equal(brokerPort(log), 40002)
})

test('a log without a port is an error that says so', () => {
  assert.throws(() => brokerPort('Kafka Server started'), /does not tell the port/)
})

test('the broker makes no topic by itself and forgets no record', () => {
  const lines = brokerConfig('data').split('\n')

  for (const line of ['auto.create.topics.enable=false', 'log.retention.ms=-1', 'log.dirs=data', 'group.min.session.timeout.ms=500']) {
    assert.ok(lines.includes(line), line)
  }
})

test("Java's version is read in its old and its new form", () => {
  assert.equal(majorVersion('openjdk version "17.0.15" 2025-04-15'), 17)
  assert.equal(majorVersion('openjdk version "25" 2025-09-16'), 25)
  assert.equal(majorVersion('java version "1.8.0_392"'), 8)
  assert.equal(majorVersion('no Java here'), 0)
})
