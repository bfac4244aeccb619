import { deepEqual, equal, match } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

test('any topology runs embedded: records in by lines, results out by lines, and it ends with its input', async () => {
  const { code, stdout, stderr } = await runEmbedded('examples/orders-with-customers.ts', [
    '{"topic":"customers","key":"c1","value":{"name":"Ada","city":"London"},"timestamp":1}',
    '{"topic":"open-orders","key":"o1","value":{"customer":"c1","amount":30},"timestamp":2}'
  ])

  deepEqual({ code, stderr }, { code: 0, stderr: '' })
  equal(stdout, '{"topic":"shipments","key":"o1","value":{"to":"Ada, London","amount":30},"timestamp":2}\n')
})

test('a line that is no record is left out, with its number and what is wrong', async () => {
  const { code, stdout, stderr } = await runEmbedded('examples/orders-with-customers.ts', ['no JSON', '{"value":1}', '{"topic":"nowhere","value":1}', '{"topic":"customers"}'])

  deepEqual({ code, stdout }, { code: 0, stdout: '' })
  match(stderr, /line 1 is left out: Unexpected token/)
  match(stderr, /line 2 is left out: it names no topic; give one of customers, open-orders\./)
  match(stderr, /line 3 is left out: there is no topic 'nowhere'; give one of customers, open-orders\./)
  match(stderr, /line 4 is left out: it is not \{ "topic"\?, "key"\?, "value", "timestamp"\? \}\./)
})

test('topics that a pattern matches are made when a line names one', async () => {
  const { code, stdout, stderr } = await runEmbedded('test/helpers/found-orders.ts', [
    '{"topic":"orders-eu","key":"o1","value":"tea","timestamp":1}', '{"topic":"orders-us","key":"o2","value":"milk","timestamp":2}',
    '{"topic":"orders-eu","key":"o3","value":"bread","timestamp":3}', '{"topic":"payments","value":"1"}'
  ])

  equal(code, 0, stderr)
  deepEqual(stdout.trim().split('\n').map(line => JSON.parse(line).value), ['tea', 'milk', 'bread'])
  match(stderr, /line 4 is left out: there is no topic 'payments'/)
})

async function runEmbedded (file: string, lines: readonly string[]): Promise<{ code: number | null, stdout: string, stderr: string }> {
  const child = spawn(process.execPath, ['bin/millrace.js', 'run', file, '--embedded'], { cwd: ROOT, timeout: 120_000, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += String(chunk) })
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  child.stdin.end(lines.join('\n') + '\n')
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}
