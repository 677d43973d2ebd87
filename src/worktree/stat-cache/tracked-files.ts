// All that an index tracks, with the stats at which its files were seen, held a folder at a time as the stat cache
// stores it. It knows which tree it is of and follows another by what differs, so that an unchanged index is not read.
import { isVarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import { Tree } from '../../files/tree.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { equalEntries } from '../../files/entry.ts'
import { FolderRecords } from './folder-records.ts'
import { parentOf } from '../native.ts'
import type { KnownFile } from './record.ts'

export class TrackedFiles {
  readonly #folders: Map<Path, FolderRecords>
  /** Not yet laid onto the folders. */
  readonly #edits = new Map<Path, Map<string, KnownFile | null>>()
  /** What was seen of files; it counts for a path whose entry it is. */
  readonly #seen: Map<Path, KnownFile>
  #changed = new Set<Path>()
  #tree: Cid | null
  #above: Set<Path> | null = null

  /** The folders are those of `tree`; null: of no tree, so each record holds for its own path only. */
  constructor(
    tree: Cid | null = null,
    folders: Map<Path, FolderRecords> = new Map(),
    seen: Map<Path, KnownFile> = new Map(),
  ) {
    this.#tree = tree
    this.#folders = folders
    this.#seen = seen
  }

  get tree(): Cid | null {
    return this.#tree
  }

  /** The folders whose records have changed since they were stored. */
  get changed(): ReadonlySet<Path> {
    this.#layAll()
    return this.#changed
  }

  folders(): IterableIterator<[Path, FolderRecords]> {
    this.#layAll()
    return this.#folders.entries()
  }

  folder(path: Path): FolderRecords | null {
    this.#lay(path)
    return this.#folders.get(path) ?? null
  }

  get(path: Path): KnownFile | null {
    const folder = parentOf(path)
    const name = path.slice(folder === '' ? 0 : folder.length + 1)
    const edit = this.#edits.get(folder)?.get(name)
    return edit === undefined ? (this.#folders.get(folder)?.get(name) ?? null) : edit
  }

  /** Whether something below this folder is tracked. */
  hasFolder(path: Path): boolean {
    if (this.#above === null) {
      this.#layAll()
      this.#above = new Set(this.#folders.keys())
      for (const folder of this.#folders.keys()) {
        for (let at = parentOf(folder); at !== '' && !this.#above.has(at); at = parentOf(at))
          this.#above.add(at)
      }
    }
    return this.#above.has(path)
  }

  /** A file was seen to hold an entry, which the index has or will have. */
  see(path: Path, known: KnownFile): void {
    this.#seen.set(path, known)
  }

  /** Follows `tree`: entries that stay keep their stats. */
  async follow(tree: Tree, options: ReadOptions = {}): Promise<void> {
    if (this.#tree !== tree.cid && !(await this.#followDifference(tree, options)))
      await this.#followWhole(tree, options)
    this.#tree = tree.cid
    this.#takeSeen()
  }

  /** As `follow`, when it is known that only these entries differ. */
  followEdits(tree: Cid, edits: ReadonlyMap<Path, TreeEntry | null>): void {
    for (const [path, entry] of edits) {
      // Most have been seen just now: then nothing else is known of them that counts.
      const seen = entry === null ? undefined : this.#seen.get(path)
      if (seen === undefined || !equalEntries(seen.entry, entry)) this.#edit(path, entry)
      else {
        this.#set(path, seen)
        this.#seen.delete(path)
      }
    }
    this.#tree = tree
    this.#takeSeen()
  }

  async #followDifference(tree: Tree, options: ReadOptions): Promise<boolean> {
    if (this.#tree === null) return false
    try {
      const before = await Tree.load(tree.map.nodes, this.#tree)
      const edits: [Path, TreeEntry | null][] = []
      for await (const batch of diffTrees(before, tree, options))
        for (const { path, after } of batch) edits.push([path, after])
      for (const [path, after] of edits) this.#edit(path, after)
      return true
    } catch (error) {
      // A gc has taken the older tree away.
      if (!isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      return false
    }
  }

  async #followWhole(tree: Tree, options: ReadOptions): Promise<void> {
    const gone = new Map<Path, Set<string>>()
    for (const [folder, { names }] of this.folders()) gone.set(folder, new Set(names))
    for await (const batch of tree.scan(options)) {
      for (const { path, entry } of batch) {
        const folder = parentOf(path)
        gone.get(folder)?.delete(path.slice(folder === '' ? 0 : folder.length + 1))
        if (!equalEntries(this.get(path)?.entry ?? null, entry)) this.#edit(path, entry)
      }
    }
    for (const [folder, names] of gone)
      for (const name of names) this.#edit(folder === '' ? name : `${folder}/${name}`, null)
  }

  #edit(path: Path, entry: TreeEntry | null): void {
    const known = entry === null ? null : this.get(path)
    const kept = known !== null && equalEntries(known.entry, entry)
    this.#set(
      path,
      entry === null ? null : kept ? known : { entry, stat: null, isProof: false, sha256: null },
    )
  }

  #takeSeen(): void {
    for (const [path, known] of this.#seen)
      if (equalEntries(this.get(path)?.entry ?? null, known.entry)) this.#set(path, known)
    this.#seen.clear()
  }

  #set(path: Path, known: KnownFile | null): void {
    const folder = parentOf(path)
    const name = path.slice(folder === '' ? 0 : folder.length + 1)
    const edits = this.#edits.get(folder)
    if (edits === undefined) this.#edits.set(folder, new Map([[name, known]]))
    else edits.set(name, known)
    this.#above = null
  }

  #layAll(): void {
    for (const folder of this.#edits.keys()) this.#lay(folder)
  }

  #lay(folder: Path): void {
    const edits = this.#edits.get(folder)
    if (edits === undefined) return
    this.#edits.delete(folder)
    this.#changed.add(folder)
    const made = (this.#folders.get(folder) ?? FolderRecords.empty).edited(edits)
    if (made === null) this.#folders.delete(folder)
    else this.#folders.set(folder, made)
  }
}
