// Whether a file of the worktree holds exactly what a tree entry says. Cheap answers come first: kind, executable bit,
// size, then bytes. A table's file is compared with the table's rendering, byte by byte, and left at the first
// difference: no parsing, and the same meaning of "unchanged" for files and tables.
import { Buffer } from 'node:buffer'
import { equalBytes } from '../base/bytes.ts'
import { sha256Stream } from '../base/platform.ts'
import { cidOf, codecOf } from '../encoding/cid.ts'
import { writeFile } from '../files/content.ts'
import type { FileEntry, Path, SymlinkEntry, TableEntry, TreeEntry } from '../files/interface.ts'
import { loadTable } from '../table/table-object.ts'
import { type FileModes, fileModesOf } from './file-modes.ts'
import { HashingWriter } from './hashing-writer.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { readSmall, readSteady, readTarget, smallBytesMax } from './read-file.ts'
import { type FileStat, sameStat } from './file-stat.ts'
import type { KnownFile } from './stat-cache/record.ts'

export interface Match {
  /** The stat at which the content was seen; null when the file holds something else. */
  readonly stat: FileStat | null
  /** Digest of a table's file, when all of it was read. */
  readonly sha256: Uint8Array | null
}

const noMatch: Match = { stat: null, sha256: null }

/** Whether the stat alone proves that the content is that of the record. */
export function isProven(known: KnownFile | null | undefined, stat: FileStat): known is KnownFile {
  return known?.isProof === true && known.stat !== null && sameStat(known.stat, stat)
}

export class ContentCheck {
  readonly #worktree: Worktree
  readonly #options: WorktreeOptions
  readonly #modes: FileModes
  readonly #writer: HashingWriter
  readonly #scratch: Uint8Array = new Uint8Array(smallBytesMax)

  constructor(worktree: Worktree, options: WorktreeOptions = {}) {
    this.#worktree = worktree
    this.#options = options
    this.#modes = fileModesOf(worktree)
    this.#writer = new HashingWriter(worktree.repo.nodes.reader)
  }

  /**
   * Answers at once where one small read is enough, so that 100,000 small files cost no promises; else null: ask
   * `match` then.
   */
  matchNow(path: Path, stat: FileStat, entry: TreeEntry): Match | null {
    if (!this.#modes.fits(stat, entry)) return noMatch
    if (entry.kind === 'symlink') return this.#matchSymlink(path, stat, entry)
    if (entry.kind === 'table') return null
    if (stat.size !== entry.size) return noMatch
    if (codecOf(entry.content) !== 'raw') return null
    const read = readSmall(this.#worktree.root, path, this.#scratch)
    if (read === null) return null
    return cidOf('raw', read.bytes) === entry.content && this.#modes.fits(read.stat, entry)
      ? { stat: read.stat, sha256: null }
      : noMatch
  }

  #matchSymlink(path: Path, stat: FileStat, entry: SymlinkEntry): Match {
    const { root } = this.#worktree
    if (stat.kind === 'symlink')
      return equalBytes(readTarget(root, path), entry.target) ? { stat, sha256: null } : noMatch
    if (stat.size !== entry.target.length) return noMatch
    const read = readSmall(root, path, this.#scratch)
    return read !== null && equalBytes(read.bytes, entry.target) ? { stat: read.stat, sha256: null } : noMatch
  }

  async match(path: Path, stat: FileStat, entry: TreeEntry, known?: KnownFile | null): Promise<Match> {
    const now = this.matchNow(path, stat, entry)
    if (now !== null) return now
    if (entry.kind === 'table') return this.#matchTable(path, entry, known)
    return this.#matchLarge(path, entry as FileEntry)
  }

  async #matchLarge(path: Path, entry: FileEntry): Promise<Match> {
    const { result, stat } = await readSteady(
      this.#worktree.root,
      path,
      async (source, before) =>
        before.size === entry.size &&
        (
          await writeFile(
            this.#writer,
            source,
            this.#options.signal === undefined ? {} : { signal: this.#options.signal },
          )
        ).content === entry.content,
      this.#options,
    )
    return result && this.#modes.fits(stat, entry) ? { stat, sha256: null } : noMatch
  }

  async #matchTable(path: Path, entry: TableEntry, known: KnownFile | null | undefined): Promise<Match> {
    const { repo } = this.#worktree
    const sameTable = known?.entry.kind === 'table' && known.entry.table === entry.table
    if (sameTable && known.sha256 !== null && known.stat !== null) {
      const { sha256: expected, stat } = known
      return this.#matchBytes(path, entry, async (source, before) => {
        if (before.size !== stat.size) return null
        const hash = sha256Stream()
        for await (const part of source) hash.update(part)
        const digest = hash.digest()
        return equalBytes(digest, expected) ? digest : null
      })
    }
    const table = await loadTable(repo.nodes.reader, entry.table)
    if (table.layout === null) return noMatch
    const { renderTable } = await import('../formats/render.ts')
    return this.#matchBytes(path, entry, async (source) =>
      equalStreams(source, renderTable(repo.nodes, table, { signal: this.#options.signal })),
    )
  }

  async #matchBytes(
    path: Path,
    entry: TableEntry,
    compare: (source: AsyncIterable<Uint8Array>, stat: FileStat) => Promise<Uint8Array | null>,
  ): Promise<Match> {
    const { result, stat } = await readSteady(this.#worktree.root, path, compare, this.#options)
    return result !== null && this.#modes.fits(stat, entry) ? { stat, sha256: result } : noMatch
  }
}

/** The sha256 of both streams when they hold the same bytes, else null; stops at the first difference. */
async function equalStreams(
  a: AsyncIterable<Uint8Array>,
  b: AsyncIterable<Uint8Array>,
): Promise<Uint8Array | null> {
  const hash = sha256Stream()
  const other = b[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  try {
    for await (const part of a) {
      hash.update(part)
      for (let at = 0; at < part.length;) {
        if (rest.length === 0) {
          const next = await other.next()
          if (next.done === true) return null
          rest = next.value
          continue
        }
        const length = Math.min(rest.length, part.length - at)
        if (!Buffer.from(part.buffer, part.byteOffset + at, length).equals(rest.subarray(0, length)))
          return null
        rest = rest.subarray(length)
        at += length
      }
    }
    while (rest.length === 0) {
      const next = await other.next()
      if (next.done === true) return hash.digest()
      rest = next.value
    }
    return null
  } finally {
    await other.return?.()
  }
}
