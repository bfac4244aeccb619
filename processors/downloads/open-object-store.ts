import { fileURLToPath } from 'node:url'
import { openAzureStore, type AzureCredential } from './azure-store.ts'
import { openFolderStore } from './folder-store.ts'
import type { ObjectStore } from './object-store.ts'

export interface AzureAccess {
  /** Left out: where Azure has the account. */
  readonly endpoint?: string | undefined
  readonly credential: () => Promise<AzureCredential>
}

/** `file:///folder`, or `azure://account/container[/prefix]`. */
export type StoreAddress =
  | { readonly kind: 'folder', readonly folder: string }
  | { readonly kind: 'azure', readonly account: string, readonly container: string, readonly prefix: string }

/** Undefined where the text is no address of a store. */
export function readStoreAddress (text: string): StoreAddress | undefined {
  const url = URL.parse(text)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.port !== '') return undefined
  if (url.protocol === 'file:') return url.host === '' && url.pathname.length > 1 ? { kind: 'folder', folder: fileURLToPath(url) } : undefined
  const [container = '', ...prefix] = url.pathname.split('/').slice(1).filter((part, index) => index === 0 || part !== '').map(decodeURIComponent)
  if (url.protocol !== 'azure:' || url.host === '' || container === '') return undefined
  return { kind: 'azure', account: url.host, container, prefix: prefix.map(part => `${part}/`).join('') }
}

/** The store of an address. Nothing is connected to until it is asked. */
export function openObjectStore (address: StoreAddress, { endpoint, credential }: AzureAccess): ObjectStore {
  if (address.kind === 'folder') return openFolderStore(address.folder)
  const { account, container, prefix } = address
  return openAzureStore({ account, container, prefix, endpoint: endpoint?.replace(/\/$/, '') ?? `https://${account}.blob.core.windows.net`, credential })
}
