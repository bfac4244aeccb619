import { once } from 'node:events'

/** Waits where whoever reads us is slower: a long export stays out of memory. */
export async function print (text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** For people beside what is for machines. */
export function note (text: string): void {
  process.stderr.write(text + '\n')
}
