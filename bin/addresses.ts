import { urlMistakes } from './security-settings.ts'

/** Host and port of a URL, for messages, which end up in logs: without user and password. `name` stands for what is no URL. */
export function addressOf (url: string, name: string): string {
  const isOne = urlMistakes(name, url, ['postgres:', 'postgresql:', 'redis:', 'rediss:']).length === 0
  return (isOne ? new URL(url).host : '') || `the address in ${name}`
}
