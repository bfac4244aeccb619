import type { Finding, LintSubject } from './finding.ts'

/** Settings that have no default and that the environment does not give. */
export function unsetVariables ({ topology: { settings }, environment }: Pick<LintSubject, 'topology' | 'environment'>): Finding[] {
  return Object.entries(settings.properties)
    .filter(([name, schema]) => !('default' in schema) && (environment[name] ?? '') === '')
    .map(([name, schema]): Finding => ({
      rule: 'unset-variables',
      severity: settings.required?.includes(name) === true ? 'error' : 'note',
      node: name,
      found: 'The variable is not set and has no default.',
      todo: 'description' in schema ? `Set it: ${String(schema.description)}` : 'Set it.'
    }))
}
