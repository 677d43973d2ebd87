// The dataset of one commit: one ordered map from path to entry, not an object a folder. A directory is a range of
// keys, so a tree with a hundred directories costs no more than one with none, and an empty directory cannot be.
// A path is never a file and a directory at once: `update` refuses it, `verifyPaths` finds it in trees from outside.
import { compareBytes, concatBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { keyAt, entryAt, lowerBound } from '../prolly/entry-batch.ts'
import type { Edit, EntryBatch } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { checkClashes } from './clash.ts'
import { decodeEntry, encodeEntry } from './entry.ts'
import type { DirectoryItem, ListedItem, Path, PathEntry, PrefixOptions, TreeEntry } from './interface.ts'
import { pathFromBytes, pathToBytes, safePath } from './path.ts'
import { belowEnd, belowRange, prefixRange } from './prefix.ts'

const slash = 0x2f
const editsAtOnce = 1024

export class Tree {
  readonly map: ProllyMap

  constructor(map: ProllyMap) {
    this.map = map
  }

  static async load(nodes: NodeStore, root: Cid): Promise<Tree> {
    return new Tree(await ProllyMap.load(nodes, root))
  }

  static empty(nodes: NodeStore, writer: ObjectWriter): Tree {
    return new Tree(ProllyMap.empty(nodes, writer))
  }

  get cid(): Cid {
    return this.map.cid
  }

  /** How many files, symlinks and tables there are. */
  get count(): number {
    return this.map.count
  }

  async get(path: Path, options?: ReadOptions): Promise<TreeEntry | null> {
    const [entry] = await this.getMany([path], options)
    return entry ?? null
  }

  /** The entries in the order in which they were asked for. */
  async getMany(paths: readonly Path[], options?: ReadOptions): Promise<(TreeEntry | null)[]> {
    const entries = await this.map.getMany(paths.map(pathToBytes), options)
    return entries.map((entry) => (entry === null ? null : decodeEntry(entry)))
  }

  async isDirectory(path: Path, options?: ReadOptions): Promise<boolean> {
    const range = belowRange(pathToBytes(path))
    for await (const batch of this.map.scan({ ...range, ...options })) if (batch.count > 0) return true
    return false
  }

  /** All entries, or those that the prefix selects, in the order of their paths' bytes. */
  async *scan(options: PrefixOptions = {}): AsyncGenerator<PathEntry[]> {
    const range = prefixRange(options.prefix)
    const { from, before } = range
    for await (const batch of this.map.scan({ from, before, signal: options.signal })) {
      const entries: PathEntry[] = []
      for (let i = 0; i < batch.count; i++) {
        const key = keyAt(batch, i)
        if (range.contains(key))
          entries.push({ path: pathFromBytes(key), entry: decodeEntry(entryAt(batch, i)) })
      }
      if (entries.length > 0) yield entries
    }
  }

  /**
   * What lies directly in a directory ('' is the top); directories below it are passed over, not read. `after`: an item
   * of it, and only those behind it.
   */
  async *list(
    directory: Path,
    { after, ...options }: ReadOptions & { readonly after?: ListedItem | undefined } = {},
  ): AsyncGenerator<DirectoryItem[]> {
    const name = pathToBytes(directory)
    let { from, before } = belowRange(name)
    if (after !== undefined) {
      const last = pathToBytes(directory === '' ? after.name : `${directory}/${after.name}`)
      from = after.isDirectory ? belowEnd(last) : concatBytes([last, new Uint8Array(1)])
    }
    const nameAt = name.length === 0 ? 0 : name.length + 1
    for (;;) {
      let next: Uint8Array | null = null
      for await (const batch of this.map.scan({ from, before, ...options })) {
        const items: DirectoryItem[] = []
        next = listBatch(batch, nameAt, items)
        if (items.length > 0) yield items
        if (next !== null) break
      }
      if (next === null) return
      from = next
    }
  }

  /**
   * Sets entries, and removes those that are null. Every path is checked.
   * @throws VarveError VARVE_RULE_VIOLATED for an unsafe path, or one that would be both a file and a directory.
   */
  async update(
    writer: ObjectWriter,
    changes: ReadonlyMap<Path, TreeEntry | null>,
    options: ReadOptions = {},
  ): Promise<Tree> {
    if (changes.size === 0) return this
    const paths = sortedPaths(changes.keys())
    for (const path of paths) if (changes.get(path) !== null) safePath(path)
    await checkClashes(this.map, changes, options)
    return new Tree(await this.map.mutate(writer, editsOf(paths, changes)))
  }
}

/** Some at a time: as bytes they take more memory than all else that is known of them. */
function* editsOf(
  paths: readonly Path[],
  changes: ReadonlyMap<Path, TreeEntry | null>,
): Generator<readonly Edit[]> {
  for (let at = 0; at < paths.length; at += editsAtOnce) {
    yield paths.slice(at, at + editsAtOnce).map((path) => {
      const entry = changes.get(path) ?? null
      const key = pathToBytes(path)
      return entry === null ? { key, value: null } : { key, ...encodeEntry(entry) }
    })
  }
}

/** Adds a batch's items; returns where to go on when the batch ends inside a directory, else null. */
function listBatch(batch: EntryBatch, nameAt: number, items: DirectoryItem[]): Uint8Array | null {
  for (let i = 0; i < batch.count;) {
    const key = keyAt(batch, i)
    const nameEnd = key.indexOf(slash, nameAt)
    if (nameEnd === -1) {
      items.push({ name: pathFromBytes(key.subarray(nameAt)), entry: decodeEntry(entryAt(batch, i)) })
      i++
      continue
    }
    items.push({ name: pathFromBytes(key.subarray(nameAt, nameEnd)), entry: null })
    const next = belowEnd(key.subarray(0, nameEnd))
    i = lowerBound(batch, next)
    if (i === batch.count) return next
  }
  return null
}

/** By bytes. JavaScript's own order is the same while no character lies beyond U+D7FF, and much faster. */
function sortedPaths(paths: Iterable<Path>): Path[] {
  const sorted = [...paths]
  if (sorted.every((path) => !/[\ud800-\uffff]/.test(path))) return sorted.sort()
  const keyed = sorted.map((path) => ({ path, key: pathToBytes(path) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ path }) => path)
}
