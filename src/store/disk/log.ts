// The manifest log: files numbered without a gap, each created exclusively and never changed. Creating the next
// number is the compare-and-set on which the whole store stands.
import fs from 'node:fs'
import path from 'node:path'
import { corrupt } from '../../base/errors.ts'
import { decodeLogEntry, fileDigest, isTorn, manifestBytesMax, type LogEntry } from '../manifest-file.ts'
import { ioError, isMissing, linkNew, readWhole, remove, syncDir, writeTmp } from './files.ts'
import { tmpPath } from './temporary-name.ts'
import { exists } from './exists.ts'
import { manifestName, newestHint, newestName } from './layout.ts'

export interface LoggedEntry extends LogEntry {
  /** Digest of this entry's file. */
  readonly digest: string
}

/** The log as the store uses it. `append` is the compare-and-set; a remote may have another than a file's creation. */
export interface Log {
  newest(): LoggedEntry
  read(sequence: number): LoggedEntry | null
  sequences(): number[]
  append(sequence: number, bytes: Uint8Array): Promise<boolean>
  sync(): Promise<void>
}

export class ManifestLog implements Log {
  readonly #dir: string
  #newest: LoggedEntry | null = null

  constructor(dir: string) {
    this.#dir = dir
  }

  /** Read anew. A damaged newest manifest is an error: silently going back to an older one would lose commits. */
  newest(): LoggedEntry {
    for (;;) {
      const known = this.#newest?.manifest.sequence
      // Numbers have no gaps and gc removes the lowest: if ours is there and the next is not, ours is the newest.
      const isNewest = known !== undefined && !this.#exists(known + 1) && this.#exists(known)
      if (isNewest) return this.#newest!
      const sequence =
        known !== undefined && this.#exists(known + 1) ? known + 1 : (this.sequences().at(-1) ?? 0)
      const entry = this.read(sequence)
      if (entry !== null) this.#newest = entry
      else if (sequence === 0) throw corrupt('the store has no manifest')
    }
  }

  /** The entry with this number; null when gc has removed it. */
  read(sequence: number): LoggedEntry | null {
    const name = manifestName(sequence)
    let bytes: Uint8Array
    try {
      bytes = readSettled(path.join(this.#dir, name))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
    const entry = decodeLogEntry(bytes, name)
    if (entry.manifest.sequence !== sequence) throw corrupt(`'${name}' is another manifest's`)
    return { ...entry, digest: fileDigest(bytes) }
  }

  /** Numbers of all manifests that are kept, ascending. */
  sequences(): number[] {
    try {
      const names = fs.readdirSync(path.join(this.#dir, 'm')).filter((name) => /^\d{20}$/.test(name))
      return names.map(Number).sort((a, b) => a - b)
    } catch (cause) {
      if (isMissing(cause)) return []
      throw ioError(cause, path.join(this.#dir, 'm'))
    }
  }

  /** False when another process has taken this number. Durable after `sync` only. */
  async append(sequence: number, bytes: Uint8Array): Promise<boolean> {
    const file = path.join(this.#dir, manifestName(sequence))
    if (!(await linkNew(await writeTmp(this.#dir, bytes), file))) return false
    if (this.#follows(sequence, fileDigest(bytes))) {
      this.#hint(sequence, bytes)
      return true
    }
    remove(file)
    return false
  }

  /**
   * Whoever was held up until gc had removed the manifest that took this number has created it once more, and won nothing.
   * gc removes the lowest first, so where the one before is still there, this number was never taken.
   */
  #follows(sequence: number, digest: string): boolean {
    if (sequence === 1 || this.#exists(sequence - 1)) return true
    const next = this.read(sequence + 1)
    return next === null ? this.sequences().at(-1) === sequence : next.previous === digest
  }

  /** For readers behind a web server, which cannot list a folder. Nobody here reads it, so it need not be durable. */
  #hint(sequence: number, bytes: Uint8Array): void {
    const tmp = tmpPath(this.#dir)
    try {
      fs.writeFileSync(tmp, newestHint(sequence, bytes), { flag: 'wx' })
      fs.renameSync(tmp, path.join(this.#dir, newestName))
    } catch {
      // A hint that could not be written leaves an old one, and they see the next; what lies in tmp/ is gc's.
    }
  }

  sync(): Promise<void> {
    return syncDir(path.join(this.#dir, 'm'))
  }

  #exists(sequence: number): boolean {
    return exists(path.join(this.#dir, manifestName(sequence)))
  }
}

const waitMsMax = 1000

/** Where there are no hard links another process may be in the middle of writing this file: then it is young. */
function readSettled(file: string): Uint8Array {
  for (;;) {
    const bytes = readWhole(file, manifestBytesMax)
    if (!isTorn(bytes)) return bytes
    const ageMs = Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (ageMs < 0 || ageMs > waitMsMax) return bytes
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
}
