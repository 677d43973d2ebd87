// What lies directly in a folder of a revision, a page at a time: folders below it are named, not read.
import type { ListEntry } from '../../api/interface.ts'
import { listEntryOf, noPath } from '../../api/tables/snapshot.ts'
import { VarveError } from '../../base/errors.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { DirectoryItem } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { Cursors, checkPinned, commitPart, like, pathPart } from './cursor.ts'
import type { Exchange } from '../interface.ts'

export interface FolderEntry extends Omit<ListEntry, 'kind'> {
  /** A folder has no size and no id. */
  readonly kind: ListEntry['kind'] | 'folder'
}

export interface FolderPage {
  readonly commit: string
  readonly items: readonly FolderEntry[]
  readonly cursor: string | null
}

const kind = 'folder'
const cursors = new Cursors<[commit: string, lastName: string, lastKind: string]>(
  'folder',
  commitPart,
  pathPart,
  like(/^(?:folder|entry)$/),
)

/** Reads 'revision', 'path', 'limit' and 'cursor'. @throws VarveError VARVE_REF_NOT_FOUND, VARVE_PATH_NOT_FOUND */
export async function readFolder({ query, repository, signal }: Exchange): Promise<FolderPage> {
  const { store, nodes } = repository().data.repo
  const given = cursors.read(query)
  if (given !== null) await checkPinned(repository(), given[0])
  const [pinned, name, what] = given ?? [query.text('revision') ?? 'HEAD']
  const after = name === undefined ? undefined : { name, isDirectory: what === 'folder' }
  const path = (query.text('path') ?? '').replace(/\/+$/, '')
  const limit = query.number('limit') ?? 1000
  const { commit } = await resolveRevision(store, pinned)
  const tree = await Tree.load(nodes, (await readCommit(store, commit)).tree)
  const items: DirectoryItem[] = []
  let more = false
  for await (const batch of tree.list(path, { signal, after })) {
    items.push(...batch)
    more = items.length > limit
    if (more) break
  }
  if (items.length === 0 && path !== '' && given === null) throw await missing(tree, path, pinned)
  const shown = items.slice(0, limit)
  const id = digestHex(commit)
  return {
    commit: id,
    items: await Promise.all(
      shown.map(async ({ name, entry }): Promise<FolderEntry> => {
        const below = path === '' ? name : `${path}/${name}`
        if (entry !== null) return listEntryOf(nodes, below, entry)
        return { path: below, kind, executable: false, size: 0, id: '' }
      }),
    ),
    cursor: more ? cursorOf(id, shown.at(-1)!) : null,
  }
}

function cursorOf(commit: string, { name, entry }: DirectoryItem): string {
  return cursors.write(commit, name, entry === null ? kind : 'entry')
}

async function missing(tree: Tree, path: string, revision: string): Promise<Error> {
  const entry = await tree.get(path)
  if (entry === null) return noPath(tree, path, revision)
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is not a folder`, {
    data: { path },
    hint: 'name a folder, or leave the path out for the top',
  })
}
