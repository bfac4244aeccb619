import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millrace } from '../helpers/millrace.ts'
import { freshTopics, integrationTest } from '../helpers/services.ts'

const STREAMS = new URL('../../streams/index.ts', import.meta.url).href

integrationTest('lint asks Kafka for partition counts: a join of topics that differ is an error, behind a repartition it is none', async (t, services) => {
  const { orders } = await freshTopics(t, services, ['orders'], 2)
  const { payments } = await freshTopics(t, services, ['payments'], 3)
  const directory = await mkdtemp(join(tmpdir(), 'millrace-lint-'))
  t.after(async () => await rm(directory, { recursive: true }))
  const findings = async (name: string, between: string): Promise<{ code: unknown, errors: string[] }> => {
    const file = join(directory, `${name}.ts`)
    await writeFile(file, `import { defineTopic, defineTopology } from '${STREAMS}'
export const ${name} = defineTopology('${name}', ({ stream, table }) => {
  stream(defineTopic({ name: '${orders}' }), { name: 'orders' })${between}.join(table(defineTopic({ name: '${payments}' }), { store: { name: 'payments' } }), order => order, { name: 'paid' }).to(defineTopic({ name: '${orders}.out' }))
})\n`)
    const { code, stdout, stderr } = await millrace(services, 'lint', file, '--bootstrap', services.kafka, '--format', 'json')
    assert.equal(stderr, '')
    const errors = JSON.parse(stdout).filter(({ severity }: { severity: string }) => severity === 'error')
    return { code, errors: errors.map(({ rule, found }: { rule: string, found: string }) => `${rule}: ${found}`) }
  }

  assert.deepEqual(await findings('plain', ''), { code: 1, errors: [`unequal-partitions: It reads ${orders} with 2, ${payments} with 3 partitions: partition p of all of them is one task.`] })
  assert.deepEqual(await findings('repartitioned', '.selectKey(value => String(value))'), { code: 0, errors: [] })
})
