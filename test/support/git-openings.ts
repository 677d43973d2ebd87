// Stores on Git hosts, and servers of such hosts, that a test opens: they are closed when it is over.
import { afterEach } from 'vitest'
import type { OpenRemoteOptions } from '../../src/remote/interface.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import type { Store } from '../../src/store/interface.ts'
import { environment } from './git-host.ts'
import { type GitHttpServer, serveGit } from './git-http-server.ts'

export interface GitOpenings {
  readonly open: (url: string, options?: OpenRemoteOptions) => Promise<Store>
  /** Has the store closed too. */
  readonly keep: (store: Store) => Store
  readonly serve: (folder: string) => Promise<GitHttpServer>
}

/** Call it once, at the head of a file of tests. */
export function gitOpenings(): GitOpenings {
  const stores: Store[] = []
  const servers: GitHttpServer[] = []
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
    for (const server of servers.splice(0)) await server.close()
  })
  const keep = (store: Store): Store => {
    stores.push(store)
    return store
  }
  return {
    keep,
    open: async (url, options = {}) => keep(await openRemote(url, { environment, ...options })),
    serve: async (folder) => {
      const server = await serveGit(folder)
      servers.push(server)
      return server
    },
  }
}
