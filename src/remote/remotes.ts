// The remotes a repository knows: `remote.NAME.url` in its configuration. A URL never holds a password, because the
// configuration is printed, copied and synchronized; credentials come from where the transport's world keeps them.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { checkRefName, remoteNotesRef, remotePrefix, remoteReceiptsPrefix } from '../history/refs.ts'
import type { Manifest, Store } from '../store/interface.ts'
import type { Conditional, RemoteEntry } from './interface.ts'

const urlLengthMax = 2048
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f]/

export function urlKey(name: string): string {
  return `remote.${name}.url`
}

export function conditionalKey(name: string): string {
  return `remote.${name}.conditional`
}

/** What is remembered of a remote's conditional writes; undefined when nothing is. */
export function conditionalOf(manifest: Manifest, name: string): Conditional | undefined {
  const known = manifest.config.get(conditionalKey(name))
  if (known === undefined || known === 'yes' || known === 'no' || known === 'single-writer') return known
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${conditionalKey(name)}' is none of yes, no, single-writer`, {
    data: { value: known },
    hint: `ask the store again: 'varve config --unset ${conditionalKey(name)}'`,
  })
}

/** Remembers it, unless the remote is gone, or something is remembered already. */
export async function rememberConditional(
  store: Store,
  name: string,
  conditional: Conditional,
): Promise<void> {
  await store.update((current) => {
    if (!current.config.has(urlKey(name)) || current.config.has(conditionalKey(name))) return null
    return {
      config: new Map([[conditionalKey(name), conditional]]),
      operation: { name: 'remote probe', message: name, author: '' },
    }
  })
}

/** What an address is for: fetch goes to one, push to all of its own, and copies stand in for the first. */
export type UrlUse = 'fetch' | 'push' | 'fallback'

export function urlKeyOf(name: string, use: UrlUse): string {
  return use === 'fetch' ? urlKey(name) : `remote.${name}.${use === 'push' ? 'pushurl' : 'fallback'}`
}

export function upstreamKey(branch: string): string {
  return `branch.${branch}.upstream`
}

export function listRemotes(manifest: Manifest): RemoteEntry[] {
  const entries: RemoteEntry[] = []
  for (const [key, url] of manifest.config) {
    const name = /^remote\.(.+)\.url$/.exec(key)?.[1]
    if (name === undefined) continue
    const [pushUrls, fallbacks] = [urlsOf(manifest, name, 'push'), urlsOf(manifest, name, 'fallback')]
    entries.push({
      name,
      url,
      ...(pushUrls.length === 0 ? {} : { pushUrls }),
      ...(fallbacks.length === 0 ? {} : { fallbacks }),
    })
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Addresses for one use, kept as one URL or as a JSON list; none where nothing was said.
 * @throws VarveError VARVE_USAGE for what somebody wrote wrongly
 */
export function urlsOf(manifest: Manifest, name: string, use: UrlUse): string[] {
  const text = manifest.config.get(urlKeyOf(name, use))
  if (text === undefined) return []
  if (!text.startsWith('[')) return [text]
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', `'${urlKeyOf(name, use)}' is neither a URL nor a JSON list of URLs`, {
    hint: `set it again: 'varve config ${urlKeyOf(name, use)} URL'`,
  })
}

/** @throws VarveError VARVE_REF_NOT_FOUND */
export function remoteUrl(manifest: Manifest, name: string): string {
  const url = manifest.config.get(urlKey(name))
  if (url !== undefined) return url
  const names = listRemotes(manifest).map((entry) => entry.name)
  throw new VarveError('VARVE_REF_NOT_FOUND', `no remote '${name}'`, {
    data: { name, remotes: names },
    hint:
      names.length === 0 ? `add it with 'varve remote add ${name} URL'` : `there are: ${names.join(', ')}`,
  })
}

/** `url` as it shall be kept: see `absoluteUrl` of the transports for paths. */
export async function addRemote(
  store: Store,
  name: string,
  url: string,
  conditional?: Conditional,
): Promise<RemoteEntry> {
  checkRemoteName(name)
  checkRemoteUrl(url)
  await store.update((current) => {
    checkRemoteFree(current, name)
    const config = new Map([[urlKey(name), url]])
    if (conditional !== undefined) config.set(conditionalKey(name), conditional)
    return { config, operation: { name: 'remote add', message: `${name} ${url}`, author: '' } }
  })
  return { name, url }
}

/** @throws VarveError VARVE_NOT_POSSIBLE */
export function checkRemoteFree(manifest: Manifest, name: string): void {
  const url = manifest.config.get(urlKey(checkRemoteName(name)))
  if (url === undefined) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `remote '${name}' exists already`, {
    data: { name, url },
    hint: `remove it with 'varve remote remove ${name}', or choose another name`,
  })
}

/** Its remote-tracking refs go with it, and it is nobody's upstream any more. */
export async function removeRemote(store: Store, name: string): Promise<void> {
  await store.update((current) => {
    remoteUrl(current, name)
    if (current.config.get('partial.remote') === name) throw keepsContents(name)
    const prefix = `${remotePrefix}${name}/`
    const receipts = remoteReceiptsPrefix(name)
    const refs = new Map<string, Cid | null>()
    for (const ref of current.refs.keys())
      if (ref.startsWith(prefix) || ref.startsWith(receipts) || ref === remoteNotesRef(name))
        refs.set(ref, null)
    const config = new Map<string, string | null>()
    for (const [key, value] of current.config) {
      const isUpstream = /^branch\..+\.upstream$/.test(key) && value.startsWith(prefix)
      // 'remote.a.b.url' is of the remote 'a.b', not of 'a'.
      if (isUpstream || /^remote\.(.+)\.[^.]+$/.exec(key)?.[1] === name) config.set(key, null)
    }
    return { refs, config, operation: { name: 'remote remove', message: name, author: '' } }
  })
}

function keepsContents(name: string): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `remote '${name}' has what this partial clone has not fetched`,
    {
      data: { name },
      hint: `if it has moved, say where: 'varve remote set-url ${name} URL'`,
    },
  )
}

/** Checks a remote's name. It is one component, so that 'origin' is never a folder of another remote's branches. */
export function checkRemoteName(name: string): string {
  checkRefName(name, 'remote')
  if (name.includes('/')) {
    throw new VarveError('VARVE_USAGE', `'${name}' is not a valid remote name`, { hint: "leave out the '/'" })
  }
  return name
}

/** @throws VarveError VARVE_USAGE */
export function checkRemoteUrl(url: string): string {
  if (url === '' || url.length > urlLengthMax || control.test(url) || url.startsWith('-')) {
    throw new VarveError(
      'VARVE_USAGE',
      `not a URL or path of a remote: ${JSON.stringify(url.slice(0, 200))}`,
      {
        hint: "it looks like /srv/data/prices, https://HOST/NAME, s3://BUCKET/PREFIX or ssh://USER@HOST/PATH: 'varve help remote'",
      },
    )
  }
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(url)?.[1]
  if (authority?.includes(':') === true) {
    throw new VarveError('VARVE_REFUSED', "a remote's URL must not hold a password", {
      hint: 'leave it out: the URL is kept and shown as it is',
    })
  }
  return url
}

/** Whether somebody's files lie over the store: its current branch must not move under them. */
export function isBare(store: Store, manifest: Manifest): boolean {
  const setting = manifest.config.get('core.bare')
  if (setting !== undefined) return setting === 'true'
  return !manifest.refs.has('INDEX') && !/[\\/]\.varve$/.test(store.location)
}
