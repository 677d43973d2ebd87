// Updates refs and the user's files together, in an order that survives any crash: check the files, write a durable
// note of what is intended, publish the manifest (compare-and-set), change the files, remove the note.
import { isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest, Operation } from '../store/interface.ts'
import { operatorOf, withWriter } from './context.ts'
import { emptyTreeOf } from './empty.ts'
import {
  type FileRoute,
  type Folder,
  type FolderOptions,
  type Io,
  type Repo,
  type Route,
  indexBaseRef,
  indexRef,
} from './interface.ts'

export interface Move {
  readonly refs: ReadonlyMap<string, Cid | null>
  readonly head?: string | null
  readonly config?: ReadonlyMap<string, string | null>
  readonly operation: Omit<Operation, 'author'>
  /** The tree that index and files shall show; null leaves both as they are. */
  readonly show: Cid | null
  /** The tree the index is laid over afterwards; default: `show`. */
  readonly over?: Cid
  /** Where the files do not show the index, before or after; default: from the index to `show`. */
  readonly files?: FileRoute
  /** Paths in conflict: settling it will change their files, so nobody's edits may stand there. */
  readonly unsettled?: readonly string[]
}

/** Plans on the newest manifest (again when another process was faster), then moves. A plan of null moves nothing. */
export async function move(
  repo: Repo,
  folder: Folder | null,
  plan: (manifest: Manifest, io: Io) => Promise<Move | null>,
  options: FolderOptions = {},
): Promise<Manifest> {
  return withWriter(repo, async (writer, nodes) => {
    const io = { writer, nodes }
    let route: Route | null = null
    const published = repo.store.update(
      async (current) => {
        route = null
        // What was noted in a turn that another was faster in.
        folder?.release()
        const wanted = await plan(current, io)
        if (wanted === null) return null
        const refs = new Map(wanted.refs)
        if (wanted.show !== null && (folder !== null || current.refs.has(indexRef))) {
          refs.set(indexRef, wanted.show)
          refs.set(indexBaseRef, wanted.over ?? wanted.show)
        }
        if (folder !== null && wanted.show !== null) {
          const from = current.refs.get(indexRef) ?? emptyTreeOf(io)
          route = {
            from,
            to: wanted.show,
            witness: null,
            ...wanted.files,
            index: wanted.show,
            operation: wanted.operation.name,
          }
          await folder
            .prepare(io, route, { ...options, unsettled: wanted.unsettled })
            .catch((error: unknown) => passOutrun(repo, current, error))
        }
        const {
          refs: _,
          show: _show,
          over: _over,
          files: _files,
          unsettled: _unsettled,
          operation,
          ...rest
        } = wanted
        return { ...rest, refs, operation: { ...operation, author: operatorOf(repo, current) } }
      },
      { writer, signal: options.signal },
    )
    const manifest = await published.catch((error: unknown) => {
      folder?.leave()
      throw error
    })
    if (route !== null) await folder?.apply(route, options)
    else folder?.release()
    return manifest
  })
}

/** What another wrote into the files since is nobody's edit: its manifest is in the way of this one, and the next turn looks anew. */
async function passOutrun({ store }: Repo, planned: Manifest, error: unknown): Promise<void> {
  const isEdit = isVarveError(error, 'VARVE_UNCOMMITTED')
  if (!isEdit || (await store.manifest()).sequence === planned.sequence) throw error
}
