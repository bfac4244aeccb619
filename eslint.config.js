import neostandard, { plugins } from 'neostandard'
import { importDirection } from './scripts/lint/import-direction.js'

/** Which folders of ours a folder may import from, besides itself; a folder not named here may import everything. */
const directions = {
  topology: { from: ['processors', 'stores', 'streams', 'schemas'], why: 'A topology says what flows where: it imports processors, stores, streams and schemas.' },
  examples: { from: ['streams'], why: 'An example shows the language alone: it imports streams.' },
  processors: { from: ['streams', 'schemas'], typesFrom: ['stores'], why: 'A processor is handed its stores by the topology: it imports streams and schemas, and of stores only types.' },
  stores: { from: ['streams', 'schemas'], why: 'A store knows streams and schemas, not who uses it.' },
  api: { from: ['stores', 'schemas', 'http'], why: 'The API only reads: it meets the topology in stores and schemas, and nowhere else.' },
  ingest: { from: ['streams', 'schemas', 'http'], why: 'Ingest only produces: it imports streams and schemas.' },
  http: { from: ['schemas'], why: 'What all servers share knows none of them: http imports schemas alone.' },
  streams: { from: [], why: 'The framework knows nothing of the systems built on it: streams imports nothing else of ours.' },
  schemas: { from: [], why: 'Everything depends on schemas, so schemas imports nothing else of ours.' },
  migrations: { from: [], why: 'A migration means the same forever: migrations imports nothing else of ours.' }
}

const environmentMessage = 'Only bin/, scripts/, test/ and bench/ read the environment: take the value as an option.'

export default [
  ...neostandard({ ts: true, ignores: ['coverage/**', 'dist/**', 'bench/tmp/**'] }),
  {
    plugins: { millrace: { rules: { 'import-direction': importDirection } } },
    rules: {
      'millrace/import-direction': ['error', directions],
      // Fields of events and columns of tables are snake_case on the wire.
      camelcase: 'off',
      // `void promise` says that nobody waits, on purpose.
      'no-void': ['error', { allowAsStatement: true }]
    }
  },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // `_` is the value that is there and not wanted.
      '@typescript-eslint/no-unused-vars': ['error', {
        args: 'none', caughtErrors: 'none', ignoreRestSiblings: true, vars: 'all', varsIgnorePattern: '^_$'
      }],
      // A contract's value and its type share a name on purpose; what must not be declared twice the compiler refuses.
      'no-redeclare': 'off',
      '@typescript-eslint/no-redeclare': 'off'
    }
  },
  {
    files: Object.keys(directions).map(folder => `${folder}/**`),
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environmentMessage }],
      'no-restricted-imports': ['error', { paths: ['process', 'node:process'].map(name => ({ name, importNames: ['env'], message: environmentMessage })) }]
    }
  }
]
