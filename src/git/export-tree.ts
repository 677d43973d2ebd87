// Datasets of ours as trees of Git: of each commit only what differs from its first parent's is looked at, and only the
// folders above it are written. Tables become the bytes of their files.
import { Lru } from '../base/lru.ts'
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { FileEntry, Path, TreeEntry } from '../files/interface.ts'
import { pathFault, pathToBytes } from '../files/path.ts'
import { readFile } from '../files/read.ts'
import { Tree } from '../files/tree.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { renderTable } from '../formats/render.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { loadTable } from '../table/table-object.ts'
import { encodeGitTree } from './git-encode.ts'
import { type GitTreeEntry, type Oid, parseGitTree } from './git-objects.ts'
import type { GitPackWriter } from './git-pack.ts'
import type { GitSource } from './git-source.ts'

const cacheBytes = 32 << 20
const entryBytes = 200

/** A tree of a dataset, and the tree that it becomes in Git. */
export interface ExportedTree {
  readonly ours: Cid
  readonly oid: Oid
}

type Leaf = Pick<GitTreeEntry, 'mode' | 'oid'> | null
/** The path's bytes, one character each; null: it is gone. */
export type Change = readonly [pathBytes: string, leaf: Leaf]

export class TreeExporter {
  /** Tables that no file carries, by path. */
  readonly skipped: Set<Path> = new Set()
  readonly #nodes: NodeStore
  readonly #pack: GitPackWriter
  readonly #source: GitSource
  readonly #folders = new Lru<Oid, readonly GitTreeEntry[]>(cacheBytes)
  readonly #blobs = new Map<Cid, Oid>()

  constructor(nodes: NodeStore, pack: GitPackWriter, source: GitSource) {
    this.#nodes = nodes
    this.#pack = pack
    this.#source = source
  }

  async treeOf(before: ExportedTree | null, ours: Cid, signal?: AbortSignal): Promise<Oid> {
    if (before?.ours === ours) return before.oid
    const changes: Change[] = []
    for await (const [path, entry] of this.#changed(before?.ours ?? null, ours, signal)) {
      const leaf = entry === null ? null : await this.#leaf(path, entry, signal)
      changes.push([Buffer.from(pathToBytes(path)).toString('latin1'), leaf])
    }
    return (await this.#apply(before?.oid ?? null, changes)) ?? this.#pack.put('tree', new Uint8Array())
  }

  /** Changes leaves of a tree of Git, by paths; null when nothing is left of it. */
  change(tree: Oid | null, changes: readonly Change[]): Promise<Oid | null> {
    return this.#apply(tree, changes)
  }

  async blobOf(entry: FileEntry, signal?: AbortSignal): Promise<Oid> {
    return this.#pack.putBlob(entry.size, readFile(this.#nodes, entry, { signal }))
  }

  async *#changed(
    before: Cid | null,
    ours: Cid,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly [Path, TreeEntry | null]> {
    const tree = await Tree.load(this.#nodes, ours)
    if (before === null) {
      for await (const batch of tree.scan({ signal }))
        for (const { path, entry } of batch) yield [path, entry]
      return
    }
    for await (const batch of diffTrees(await Tree.load(this.#nodes, before), tree, { signal }))
      for (const { path, after } of batch) yield [path, after]
  }

  async #leaf(path: Path, entry: TreeEntry, signal: AbortSignal | undefined): Promise<Leaf> {
    refuseName(path, entry)
    if (entry.kind === 'symlink') return { mode: 'symlink', oid: this.#pack.put('blob', entry.target) }
    const content = entry.kind === 'file' ? entry.content : entry.table
    const oid = this.#blobs.get(content) ?? (await this.#blob(entry, signal))
    if (oid === null) {
      this.skipped.add(path)
      return null
    }
    this.#blobs.set(content, oid)
    return { mode: entry.executable ? 'executable' : 'file', oid }
  }

  /** Writes an entry's bytes; null for a table without a file. */
  async #blob(
    entry: Exclude<TreeEntry, { kind: 'symlink' }>,
    signal: AbortSignal | undefined,
  ): Promise<Oid | null> {
    if (entry.kind === 'file') return this.blobOf(entry, signal)
    const table = await loadTable(this.#nodes.reader, entry.table)
    if (table.layout === null) return null
    // Git has a blob's size before its bytes, and no table knows how long its file is.
    let size = 0
    for await (const piece of renderTable(this.#nodes, table, { signal })) size += piece.length
    return this.#pack.putBlob(size, renderTable(this.#nodes, table, { signal }))
  }

  /** Applies changes to a folder; null when nothing is left of it. */
  async #apply(folder: Oid | null, changes: readonly Change[]): Promise<Oid | null> {
    const entries = new Map<string, GitTreeEntry>()
    for (const entry of folder === null ? [] : await this.#entries(folder))
      entries.set(entry.nameBytes, entry)
    const below = new Map<string, Change[]>()
    for (const [pathBytes, leaf] of changes) {
      const slash = pathBytes.indexOf('/')
      if (slash < 0) continue
      const name = pathBytes.slice(0, slash)
      if (!below.has(name)) below.set(name, [])
      below.get(name)!.push([pathBytes.slice(slash + 1), leaf])
    }
    for (const [nameBytes, inside] of below) {
      const known = entries.get(nameBytes)
      const oid = await this.#apply(known?.mode === 'tree' ? known.oid : null, inside)
      if (oid !== null) entries.set(nameBytes, { mode: 'tree', nameBytes, oid })
      else if (known?.mode === 'tree') entries.delete(nameBytes)
    }
    for (const [nameBytes, leaf] of changes) {
      if (nameBytes.includes('/')) continue
      if (leaf !== null) entries.set(nameBytes, { ...leaf, nameBytes })
      // A folder may have come in a file's place.
      else if (entries.get(nameBytes)?.mode !== 'tree') entries.delete(nameBytes)
    }
    if (entries.size === 0) return null
    const written = [...entries.values()]
    const oid = this.#pack.put('tree', encodeGitTree(written))
    this.#folders.set(oid, written, written.length * entryBytes)
    return oid
  }

  async #entries(oid: Oid): Promise<readonly GitTreeEntry[]> {
    const known = this.#folders.get(oid)
    if (known !== undefined) return known
    const own = this.#pack.read(oid)
    const entries = own === null ? await this.#source.tree(oid) : parseGitTree(oid, own)
    this.#folders.set(oid, entries, entries.length * entryBytes)
    return entries
  }
}

/** Names that no tree of ours may have are asked for again: what comes from a remote was checked by another program. */
function refuseName(path: Path, { kind }: TreeEntry): void {
  const isLink = kind === 'symlink' && /(^|\/)\.git(modules|attributes|ignore)$/i.test(path)
  const fault = isLink ? 'may be no symlink' : pathFault(path)
  if (fault === null) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `Git refuses '${path}': it ${fault}`, {
    data: { path },
    hint: 'export branches whose history is without it',
  })
}
