// The addresses of a remote: `remote.NAME.url`, where fetch goes; `remote.NAME.pushurl`, where push goes instead, to all
// of them; `remote.NAME.fallback`, copies to fetch from when the first is down or damaged. The last two are one URL as
// it is, or a JSON list of several.
import { VarveError } from '../base/errors.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { type UrlUse, checkRemoteUrl, conditionalKey, remoteUrl, urlKeyOf, urlsOf } from './remotes.ts'

const valueLengthMax = 4096

/** The places to push to, at least one. @throws VarveError VARVE_REF_NOT_FOUND */
export function pushUrls(manifest: Manifest, name: string): string[] {
  const urls = urlsOf(manifest, name, 'push')
  return urls.length === 0 ? [remoteUrl(manifest, name)] : urls
}

/** The places to fetch from: the remote itself, then its copies. @throws VarveError VARVE_REF_NOT_FOUND */
export function fetchUrls(manifest: Manifest, name: string): string[] {
  return [remoteUrl(manifest, name), ...urlsOf(manifest, name, 'fallback')]
}

/** The first push URL that is added stands beside the one that push went to before. */
export async function setRemoteUrl(
  store: Store,
  name: string,
  url: string,
  { use, how }: { readonly use: UrlUse; readonly how: 'set' | 'add' | 'remove' },
): Promise<string[]> {
  checkRemoteUrl(url)
  let after: string[] = []
  await store.update((current) => {
    const before = use === 'push' && how === 'add' ? pushUrls(current, name) : urlsOf(current, name, use)
    remoteUrl(current, name)
    after = changed(before, name, url, { use, how })
    const value = after.length === 0 ? null : after.length === 1 ? after[0]! : JSON.stringify(after)
    if (value !== null && value.length > valueLengthMax)
      throw new VarveError('VARVE_USAGE', `remote '${name}' has too many URLs`, {
        hint: "remove one: 'varve remote set-url --delete', or add another remote",
      })
    const operation = { name: 'remote set-url', message: `${name} ${url}`, author: '' }
    const config = new Map([[urlKeyOf(name, use), value]])
    // What was found out about the old URL need not hold for the new one.
    if (use === 'fetch') config.set(conditionalKey(name), null)
    return { config, operation }
  })
  return after
}

function changed(
  before: readonly string[],
  name: string,
  url: string,
  { use, how }: { readonly use: UrlUse; readonly how: 'set' | 'add' | 'remove' },
): string[] {
  if (how === 'set') return [url]
  if (use === 'fetch') {
    throw new VarveError('VARVE_USAGE', 'a remote has one URL to fetch from', {
      hint: 'use --fallback for a copy to fetch from when it is down, or --push for one more place to push to',
    })
  }
  if (how === 'add') return [...new Set([...before, url])]
  if (before.includes(url)) return before.filter((other) => other !== url)
  throw new VarveError('VARVE_REF_NOT_FOUND', `remote '${name}' has no such URL: '${url}'`, {
    data: { name, urls: before },
    hint: `'varve remote get-url --all ${name}' lists its URLs`,
  })
}
