import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { Value } from 'typebox/value'
import { ScenarioFile, type Scenario } from './format.ts'
import { RulesFile, type Rule } from './rules/format.ts'
import { rulesOf, runRule } from './rules/run-rules.ts'
import { runScenario } from './run-scenario.ts'

const program = new Command('conformance')
  .description("Runs scenarios of Kafka Streams' own tests through the API and the test driver, and compares everything that comes out.")
  .argument('[files...]', 'files of scenarios, or with --rules of rules')
  .option('--rules', 'the files hold rules')
  .option('--only <text>', 'only those whose id has this text in it')
  .action(async (files: string[], { rules = false, only }: { rules?: boolean, only?: string }) => {
    if (files.length === 0) program.error('Name at least one file: npm run conformance -- FILE...')
    const documents = files.map(file => read(file))
    process.exitCode = (rules ? await runRules(documents, only) : await runScenarios(documents, only)) ? 0 : 1
  })

await program.parseAsync()

function read (file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    program.error(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function scenariosOf (document: unknown): readonly Scenario[] {
  if (Value.Check(ScenarioFile, document)) return document.scenarios
  const [first] = Value.Errors(ScenarioFile, document)
  return program.error(`A file is not in the format of scenarios: ${first?.instancePath} ${first?.message}.`)
}

function rulesIn (document: unknown): readonly Rule[] {
  if (Value.Check(RulesFile, document)) return rulesOf(document)
  const [first] = Value.Errors(RulesFile, document)
  return program.error(`A file is not in the format of rules: ${first?.instancePath} ${first?.message}.`)
}

/** Prints what differs, and one last line for programs; true when all pass. */
async function runScenarios (documents: readonly unknown[], only: string | undefined): Promise<boolean> {
  const failed: string[] = []
  const unsupported: { readonly id: string, readonly why: string }[] = []
  let count = 0
  for (const document of documents) {
    for (const scenario of scenariosOf(document)) {
      if (only !== undefined && !scenario.id.includes(only)) continue
      count++
      const result = await runScenario(scenario)
      if (result.outcome === 'unsupported') unsupported.push({ id: scenario.id, why: result.why })
      if (result.outcome !== 'failed') continue
      failed.push(scenario.id)
      console.log(`${scenario.id}\n${result.differences.join('\n').replaceAll(/^/gm, '  ')}\n`)
    }
  }
  console.log(JSON.stringify({ scenarios: count, passed: count - failed.length - unsupported.length, failed, unsupported }))
  return failed.length === 0 && unsupported.length === 0
}

/** The same for rules. */
async function runRules (documents: readonly unknown[], only = ''): Promise<boolean> {
  const rules = documents.flatMap(rulesIn).filter(({ id }) => id.includes(only))
  const failed: string[] = []
  for (const rule of rules) {
    const differences = await runRule(rule)
    if (differences.length === 0) continue
    failed.push(rule.id)
    console.log(`${rule.id}\n${differences.join('\n').replaceAll(/^/gm, '  ')}\n`)
  }
  console.log(JSON.stringify({ rules: rules.length, passed: rules.length - failed.length, failed }))
  return failed.length === 0
}
