import assert from 'node:assert/strict'
import { basename, delimiter, dirname } from 'node:path'
import { test } from 'node:test'
import { findProgram } from '../../../scripts/services/programs.ts'

test('a program is found in the folders of the PATH, in their order', () => {
  const [folder, name] = [dirname(process.execPath), basename(process.execPath)]

  assert.equal(findProgram(name, ['no-such-folder', folder].join(delimiter)), process.execPath)
})

test('what is nowhere on the PATH is not found', () => {
  assert.equal(findProgram('no-such-program'), undefined)
})
