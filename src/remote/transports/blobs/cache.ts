// What is kept of a remote between commands, in a folder that may be deleted at any time: the newest manifest seen,
// the index segments it names, and spools with packs on their way (spool.ts). Every file is checked when it is read,
// and one that does not fit counts as absent. Without a folder a temporary one is made on use, and removed at the end.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { toHex, utf8 } from '../../../base/bytes.ts'
import { isVarveError } from '../../../base/errors.ts'
import { randomHex, sha256 } from '../../../base/platform.ts'
import { Segment } from '../../../store/segment.ts'
import { decodeLogEntry, fileDigest, manifestBytesMax } from '../../../store/manifest-file.ts'
import { isMissing, readWhole } from '../../../store/disk/files.ts'
import type { LoggedEntry } from '../../../store/disk/log.ts'
import type { ManifestFile } from './interface.ts'

const segmentBytesMax = 2 ** 31 - 1

export class RemoteCache {
  readonly #parent: string | undefined
  readonly #key: string
  #dir: string | null = null

  /** `location` tells this remote from others. */
  constructor(parent: string | undefined, location: string) {
    this.#parent = parent
    this.#key = toHex(sha256(utf8(location))).slice(0, 32)
  }

  /** The cache's folder, which is made when it is first used. */
  get dir(): string {
    if (this.#dir === null) {
      this.#dir =
        this.#parent === undefined
          ? fs.mkdtempSync(path.join(os.tmpdir(), 'varve-remote-'))
          : path.join(this.#parent, 'remotes', this.#key)
      fs.mkdirSync(path.join(this.#dir, 'idx'), { recursive: true, mode: 0o700 })
    }
    return this.#dir
  }

  manifest(): (ManifestFile & { entry: LoggedEntry }) | null {
    if (this.#parent === undefined) return null
    return this.#checked('manifest', manifestBytesMax, (bytes) => {
      const entry = { ...decodeLogEntry(bytes, 'manifest'), digest: fileDigest(bytes) }
      return { sequence: entry.manifest.sequence, bytes, entry }
    })
  }

  keepManifest(file: ManifestFile, segments: ReadonlySet<string>): void {
    if (this.#parent === undefined) return
    this.#write('manifest', file.bytes)
    for (const name of fs.readdirSync(path.join(this.dir, 'idx'))) {
      if (!segments.has(name.slice(0, 64))) fs.rmSync(path.join(this.dir, 'idx', name), { force: true })
    }
  }

  segment(name: string): Segment | null {
    if (this.#parent === undefined) return null
    return this.#checked(`idx/${name}.idx`, segmentBytesMax, (bytes) => new Segment(bytes, name))
  }

  keepSegment(name: string, bytes: Uint8Array): void {
    if (this.#parent !== undefined) this.#write(`idx/${name}.idx`, bytes)
  }

  close(): void {
    if (this.#dir !== null && this.#parent === undefined)
      fs.rmSync(this.#dir, { recursive: true, force: true })
    this.#dir = null
  }

  #checked<T>(name: string, bytesMax: number, read: (bytes: Uint8Array) => T): T | null {
    try {
      return read(readWhole(path.join(this.dir, name), bytesMax))
    } catch (error) {
      if (isMissing(error) || isVarveError(error)) return null
      throw error
    }
  }

  /** Whole or not at all; not flushed, for what is lost is fetched again. */
  #write(name: string, bytes: Uint8Array): void {
    const tmp = path.join(this.dir, `tmp-${process.pid}-${randomHex(8)}`)
    try {
      fs.writeFileSync(tmp, bytes, { flag: 'wx' })
      fs.renameSync(tmp, path.join(this.dir, name))
    } catch {
      // A full disk or a read-only folder costs the next command some requests, and nothing else.
      fs.rmSync(tmp, { force: true })
    }
  }
}
