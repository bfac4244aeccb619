import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { between } from './helpers/conventions.ts'
import { installPackage, type UserProject } from './helpers/installed-package.ts'
import { largeTopology } from './helpers/large-topology.ts'

const shown = [...between(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), 'own').matchAll(/`([^`\n]+)`:\n\n```\w+\n([^]*?)```/g)]

let project: UserProject

before(async () => {
  project = await installPackage()
  for (const [, name = '', content = ''] of shown) await project.write(name, content)
})
after(async () => await project.remove())

test("README's first topology and one of 200 nodes compile in a project that has the package, a mistake in them does not", async () => {
  deepEqual(shown.map(([, name]) => name), ['hello.ts', 'hello.test.ts', 'tsconfig.json'])
  await project.write('large.ts', largeTopology(200, 'millrace'))
  await project.write('mistake.ts', "import { names } from './hello.ts'\n// @ts-expect-error a text is no number\nexport const name: number = names.value.decode(Buffer.of())\n")

  equal(project.node(['node_modules/typescript/bin/tsc']), '')
})

test("README's first topology passes its own test there", () => {
  match(project.node(['--test', '--test-reporter=tap', 'hello.test.ts']), /# pass 1\n# fail 0\n/)
})

test('whatever the package offers can be imported with the dependencies that it names', () => {
  const offered = project.node(['--input-type=module', '--eval', `
    for (const name of ['millrace', 'millrace/testing', 'millrace/runtime', 'millrace/registry']) console.log(name, Object.keys(await import(name)).length > 0)
  `])

  equal(offered, 'millrace true\nmillrace/testing true\nmillrace/runtime true\nmillrace/registry true\n')
})

test("the package's command runs a topology of the project, and those that Millrace has itself", () => {
  const emitted: unknown = JSON.parse(millrace(['run', 'hello.ts', '--embedded'], '{ "key": "a", "value": "Ada", "timestamp": 1 }\n'))
  deepEqual(emitted, { topic: 'greetings', key: 'a', value: 'Hello, Ada!', timestamp: 1 })
  match(millrace(['describe', 'recommender']), /^Topologies:\n/)
  match(millrace(['--version']), /^\d+\.\d+\.\d+\n$/)
})

test("the package's watchdog ends a process that stands still on a record", async () => {
  await project.write('short.env', 'KAFKA_WORKER_RECORD_TIMEOUT_MS=500\n')
  await project.write('endless.ts', "import { defineTopology } from 'millrace'\nimport { names } from './hello.ts'\nexport const endless = defineTopology('endless', ({ stream }) => { stream(names).filter(() => { while (true); }, { name: 'stands-still' }) })\n")

  throws(() => project.node(['--env-file=short.env', 'node_modules/millrace/bin/millrace.js', 'run', 'endless.ts', '--embedded'], '{ "value": "Ada" }\n'), ({ signal, stderr }: { readonly signal?: string, readonly stderr?: string }) => signal === 'SIGKILL' && /record names-0@0 has been in node 'stands-still' for 0\.5 s/.test(stderr ?? ''))
})

function millrace (args: readonly string[], input?: string): string {
  return project.node(['node_modules/millrace/bin/millrace.js', ...args], input)
}
