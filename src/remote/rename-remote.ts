// Another name for a remote: its settings, what is known of its branches, and the upstreams that it is go along.
import type { Cid } from '../encoding/cid.ts'
import { remoteNotesRef, remotePrefix, remoteReceiptsPrefix } from '../history/refs.ts'
import type { Store } from '../store/interface.ts'
import { checkRemoteFree, remoteUrl } from './remotes.ts'

/** @throws VarveError VARVE_REF_NOT_FOUND; VARVE_NOT_POSSIBLE where there is one of that name */
export async function renameRemote(store: Store, from: string, to: string): Promise<void> {
  await store.update((current) => {
    remoteUrl(current, from)
    checkRemoteFree(current, to)
    const moved = [
      [`${remotePrefix}${from}/`, `${remotePrefix}${to}/`],
      [remoteReceiptsPrefix(from), remoteReceiptsPrefix(to)],
      [remoteNotesRef(from), remoteNotesRef(to)],
    ] as const
    const renamed = (ref: string): string | null => {
      const [old, next] = moved.find(([prefix]) => ref.startsWith(prefix)) ?? []
      return old === undefined ? null : next + ref.slice(old.length)
    }
    const refs = new Map<string, Cid | null>()
    for (const [ref, cid] of current.refs) {
      const next = renamed(ref)
      if (next !== null) refs.set(ref, null).set(next, cid)
    }
    const config = new Map<string, string | null>()
    for (const [key, value] of current.config) {
      // 'remote.a.b.url' is of the remote 'a.b', not of 'a'.
      const [, name, setting] = /^remote\.(.+)\.([^.]+)$/.exec(key) ?? []
      if (name === from) config.set(key, null).set(`remote.${to}.${setting!}`, value)
      const upstream = /^branch\..+\.upstream$/.test(key) ? renamed(value) : null
      if (upstream !== null) config.set(key, upstream)
      if (key === 'partial.remote' && value === from) config.set(key, to)
    }
    return { refs, config, operation: { name: 'remote rename', message: `${from} ${to}`, author: '' } }
  })
}
