import { deepEqual, rejects } from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openFolderStore } from '../../../processors/downloads/folder-store.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import { openFolder, sha256Of } from '../../helpers/downloads.ts'

const never = new AbortController().signal

void test('no path leads out of the folder', async t => {
  const root = await openFolder(t)
  const store = openFolderStore(join(root, 'store'))
  await writeFile(join(root, 'secret'), 'x')

  for (const path of ['../secret', 'a/../../secret', '/etc/passwd', '.', '']) {
    await rejects(store.find(path, never), error => error instanceof WorkError && error.errorClass === 'permanent', path)
    await rejects(store.put(path, { file: join(root, 'secret'), bytes: 1, sha256: sha256Of('x'), contentType: 'text/plain' }, never), WorkError, path)
  }
})

void test('a file that could not be stored leaves nothing of itself', async t => {
  const root = await openFolder(t)
  await mkdir(join(root, 'a', 'b'), { recursive: true })
  await writeFile(join(root, 'a', 'b', 'in the way'), 'x')
  const file = join(await openFolder(t), 'file')
  await writeFile(file, 'y')

  await rejects(openFolderStore(root).put('a/b', { file, bytes: 1, sha256: sha256Of('y'), contentType: 'text/plain' }, never), error => error instanceof WorkError && error.errorClass === 'unknown')

  deepEqual((await readdir(root, { recursive: true })).sort(), ['a', 'a/b', 'a/b/in the way'])
})
