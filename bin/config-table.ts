import { fileURLToPath } from 'node:url'
import { Config } from './config.ts'

/** README's table of environment variables, one row each, as Markdown. `node bin/config-table.ts` prints it. */
export function configTable (): string {
  const rows = Object.entries(Config.properties).map(([name, schema]) => `| \`${name}\` | ${defaultOf(schema)} | ${descriptionOf(schema)} |`)
  return ['| Variable | Default | What it is |', '|---|---|---|', ...rows, ''].join('\n')
}

function defaultOf (schema: object): string {
  return 'default' in schema ? `\`${String(schema.default)}\`` : 'not set'
}

/** A bar would end the table's cell. */
function descriptionOf (schema: object): string {
  return 'description' in schema ? String(schema.description).replaceAll('|', '\\|') : ''
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(configTable())
