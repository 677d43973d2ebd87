// Turns entries of a Git tree into ours: blobs become files, or tables where the commit's varve.yaml says so. A blob
// is read and written once however often it comes. Submodules, and names and link targets that no tree of ours may
// hold, are passed over and counted.
import { isVarveError } from '../base/errors.ts'
import { targetBytesMax } from '../files/entry.ts'
import type { FileContent, Path, TreeEntry } from '../files/interface.ts'
import { writeBytes, writeFile } from '../files/content.ts'
import { pathFault, pathFromBytes } from '../files/path.ts'
import { NotATable } from '../formats/not-a-table.ts'
import type { ReadTableResult } from '../formats/interface.ts'
import { readTable } from '../formats/read.ts'
import { withNewNames } from '../formats/renamed-columns.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter } from '../store/interface.ts'
import type { TableObject } from '../table/interface.ts'
import { loadTable } from '../table/table-object.ts'
import type { DatasetConfig, TableSetting } from '../dataset/interface.ts'
import { formatOf } from '../worktree/tables/table-file.ts'
import type { GitContents } from './contents/git-contents.ts'
import type { Content } from './contents/interface.ts'
import type { GitTreeEntry, Oid } from './git-objects.ts'
import type { GitSource } from './git-source.ts'
import type { GitChange } from './tree-changes.ts'

const blobsAtOnce = 16

export class EntryWriter {
  readonly #git: GitSource
  readonly #source: GitContents
  readonly #writer: ObjectWriter
  readonly #nodes: NodeStore
  readonly #contents = new Map<Oid, FileContent>()
  readonly #tables = new Set<Oid>()
  /** Paths that were passed over, and why. */
  readonly skipped: Map<Path, string> = new Map()

  constructor(git: GitSource, contents: GitContents, writer: ObjectWriter, nodes: NodeStore) {
    this.#git = git
    this.#source = contents
    this.#writer = writer
    this.#nodes = nodes
  }

  /** How many versions of files were imported. */
  get files(): number {
    return this.#contents.size + this.#tables.size
  }

  /** What the changes do to our tree; `previous` gives a path's entry before. */
  async entries(
    changes: readonly GitChange[],
    config: DatasetConfig | null,
    previous: (path: Path) => Promise<TreeEntry | null>,
  ): Promise<Map<Path, TreeEntry | null>> {
    const result = new Map<Path, TreeEntry | null>()
    for (let at = 0; at < changes.length; at += blobsAtOnce) {
      const batch = changes.slice(at, at + blobsAtOnce)
      const paths = batch.map(({ pathBytes }) => pathFromBytes(Buffer.from(pathBytes, 'latin1')))
      const tables = paths.map((path) => (pathFault(path) === null ? (config?.tableAt(path) ?? null) : null))
      const entries = await Promise.all(
        batch.map(async ({ after }, i) => (tables[i] === null ? this.#plain(paths[i]!, after) : null)),
      )
      for (let i = 0; i < batch.length; i++) {
        const [path, setting, { after }] = [paths[i]!, tables[i]!, batch[i]!]
        // Tables one by one: each may be large.
        const entry = setting === null ? entries[i]! : await this.#table(path, after, setting, previous)
        if (entry !== null || pathFault(path) === null) result.set(path, entry)
      }
      await this.#writer.drained()
    }
    return result
  }

  async #plain(path: Path, after: GitTreeEntry | null): Promise<TreeEntry | null> {
    if (after === null) return null
    const fault = after.mode === 'submodule' ? 'is a submodule' : pathFault(path)
    if (fault !== null) return this.#skip(path, fault)
    if (after.mode === 'symlink') {
      const target = await this.#git.blob(after.oid)
      const isFit = target.length > 0 && target.length <= targetBytesMax && !target.includes(0)
      return isFit
        ? { kind: 'symlink', target: new Uint8Array(target) }
        : this.#skip(path, 'is a symlink to nowhere')
    }
    const content = this.#contents.get(after.oid) ?? (await this.#written(await this.#source.open(after.oid)))
    this.#contents.set(after.oid, content)
    return { kind: 'file', executable: after.mode === 'executable', ...content }
  }

  /** A version that cannot be a table is kept as a file, as `varve add` does. */
  async #table(
    path: Path,
    after: GitTreeEntry | null,
    setting: TableSetting,
    previous: (path: Path) => Promise<TreeEntry | null>,
  ): Promise<TreeEntry | null> {
    if (after?.mode !== 'file' && after?.mode !== 'executable') return this.#plain(path, after)
    const before = await previous(path)
    try {
      const read = async (previous: TableObject | undefined): Promise<ReadTableResult> =>
        readTable(streamOf(await this.#source.open(after.oid)), {
          format: formatOf(path, setting),
          key: setting.key,
          writer: this.#writer,
          nodes: this.#nodes,
          where: path,
          previous,
        })
      const old = before?.kind === 'table' ? await loadTable(this.#nodes.reader, before.table) : undefined
      const first = await read(old)
      const renamed = old === undefined ? null : await withNewNames(this.#nodes, old, first.table)
      const { cid } = renamed === null ? first : await read(renamed)
      this.#tables.add(after.oid)
      return { kind: 'table', executable: after.mode === 'executable', table: cid }
    } catch (error) {
      const isNoTable = error instanceof NotATable || isVarveError(error, 'VARVE_RULE_VIOLATED')
      if (!isNoTable && !isVarveError(error, 'VARVE_USAGE')) throw error
      return this.#plain(path, after)
    }
  }

  #written(content: Content): FileContent | Promise<FileContent> {
    return content instanceof Uint8Array
      ? writeBytes(this.#writer, content)
      : writeFile(this.#writer, content)
  }

  #skip(path: Path, why: string): null {
    this.skipped.set(path, why)
    return null
  }
}

function streamOf(content: Content): AsyncIterable<Uint8Array> {
  return content instanceof Uint8Array ? once(content) : content
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
