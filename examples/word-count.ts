import { defineTopic, defineTopology, serdes } from '../streams/index.ts'

export const lines = defineTopic({ name: 'lines', value: serdes.string })
export const wordCounts = defineTopic({ name: 'word-counts', value: serdes.long })

/**
 * How often each word was said.
 *
 * A word is no key of its line, so `groupBy` sends the words through a topic of the application's own: there all "be" of
 * the world meet in one task, which alone counts them. The count is kept in the table `counts-by-word` in Postgres.
 */
export const wordCount = defineTopology('word-count', ({ stream }) => {
  stream(lines, { name: 'lines' })
    // Any record of a topic may be a tombstone; from here on the compiler knows that these are none.
    .filter(line => line !== null, { name: 'with-text' })
    .flatMapValues(line => line.toLowerCase().match(/\p{L}+/gu) ?? [], { name: 'split' })
    .groupBy(word => word, { name: 'by-word' })
    .count({ name: 'count', store: { name: 'counts-by-word' } })
    .toStream({ name: 'counts' })
    .to(wordCounts, { name: 'word-counts' })
})
