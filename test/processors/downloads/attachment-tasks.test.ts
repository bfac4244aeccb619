import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { Check } from 'typebox/value'
import { attachmentTasks, fileTypeOf } from '../../../processors/downloads/attachment-tasks.ts'
import { DownloadEvent } from '../../../schemas/download-event.ts'
import { DownloadTask } from '../../../schemas/download-task.ts'
import { Rejected } from '../../../streams/index.ts'

const event = (fields: Record<string, unknown> = {}): DownloadEvent => ({
  trace_id: 'trace-1',
  event_type: 'status',
  event_subtype: 'documents',
  timestamp: '2026-01-01T00:00:00Z',
  assignment_id: 'A1',
  attachments: ['https://files.example.com/a/Report.PDF?sig=1', 'https://files.example.com/b'],
  ...fields
})

void test('an event becomes one task per attachment', () => {
  const [first, second, ...others] = attachmentTasks(event({ estimate_version: 3, metadata: { a: [1] } }))

  deepEqual(first, {
    trace_id: 'trace-1',
    // `uuid.uuid5(uuid.NAMESPACE_URL, …)` of Python's standard library gives the same.
    media_id: '7f7047a0-7636-50c2-93da-5411b8bbd828',
    attachment_url: 'https://files.example.com/a/Report.PDF?sig=1',
    blob_path: 'documents/A1/7f7047a0-7636-50c2-93da-5411b8bbd828.pdf',
    status_subtype: 'documents',
    file_type: 'pdf',
    assignment_id: 'A1',
    estimate_version: 3,
    retry_count: 0,
    event_type: 'status',
    event_subtype: 'documents',
    original_timestamp: '2026-01-01T00:00:00Z',
    metadata: { a: [1] }
  })
  ok(second !== undefined && !(second instanceof Rejected))
  equal(second.file_type, 'bin')
  deepEqual(others, [])
  ok(Check(DownloadTask, first) && Check(DownloadTask, second))
})

void test('an event delivered twice gives the same ids, an attachment named twice one task', () => {
  const ids = (from: DownloadEvent): unknown[] => attachmentTasks(from).map(task => task instanceof Rejected ? undefined : task.media_id)

  deepEqual(ids(event()), ids(event()))
  equal(attachmentTasks(event({ attachments: ['https://a/1', 'https://a/1'] })).length, 1)
})

void test('fields that nobody knows are passed on, and none of them replaces one of ours', () => {
  const [task] = attachmentTasks(event({ vendor: 'x', retry_count: 7, media_id: 'mine' }))

  ok(task !== undefined && !(task instanceof Rejected))
  const { vendor, retry_count: retries, media_id: id, attachments } = { vendor: undefined, attachments: undefined, ...task }
  deepEqual([vendor, retries, id === 'mine', attachments], ['x', 0, false, undefined])
})

void test('what cannot be an address is refused alone; text that is no URL stays a task', () => {
  const made = attachmentTasks(event({ attachments: [5, 'https://a/1.jpg', '', 'x'.repeat(8_193), 'a\u0000b', { url: 'https://a' }, 'not a url'] }))

  const refused = made.filter(task => task instanceof Rejected)
  deepEqual(made.map(task => task instanceof Rejected ? 'refused' : task.attachment_url), ['refused', 'https://a/1.jpg', 'refused', 'refused', 'refused', 'refused', 'not a url'])
  match(refused[0]?.message ?? '', /^attachments\[0\] of event trace-1: found 5, wanted a URL/)
  match(refused[2]?.message ?? '', /text of 8193 characters/)
})

void test('the kind of a file is what its path ends in, never its query or its host', () => {
  deepEqual([
    'https://a/x.JPG', 'https://a/x.tar.gz', 'https://a/x?name=y.pdf', 'https://a/x.', 'https://a/.hidden', 'https://a.pdf/', 'https://a/x.p%20f', 'https://a/d.e/x', 'no url.pdf'
  ].map(fileTypeOf), ['jpg', 'gz', 'bin', 'bin', 'bin', 'bin', 'bin', 'bin', 'bin'])
})

void test('a name that would lead out of its folder is refused with its event', () => {
  for (const name of ['..', '.', 'a/b', 'a\\b', 'a\u0000', 'a\n', '']) {
    equal(Check(DownloadEvent, event({ assignment_id: name })), false, JSON.stringify(name))
    equal(Check(DownloadEvent, event({ event_subtype: name })), false, JSON.stringify(name))
  }
  for (const name of ['A1', '...', '.a', 'ä b', 'x'.repeat(200)]) ok(Check(DownloadEvent, event({ assignment_id: name })), name)
})

void test('a path of a blob has no empty part and none that leads out', () => {
  const [task] = attachmentTasks(event())
  for (const path of ['../a', 'a/../b', 'a/..', '/a', 'a/', 'a//b', 'a/./b', '..', 'a\\b', '']) equal(Check(DownloadTask, { ...task, blob_path: path }), false, path)
  for (const path of ['a', 'a/b.c', '...', 'a/..b/c']) ok(Check(DownloadTask, { ...task, blob_path: path }), path)
})
