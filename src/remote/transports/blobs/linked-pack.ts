// A pack of the local store in a spool, without a copy of its bytes: another name of the same file (a hard link), and
// beside it the bytes that stand at its ends when it is sent. The spool reads objects from it as from any of its packs.
import fs from 'node:fs'
import path from 'node:path'
import { fromHex, toHex } from '../../../base/bytes.ts'
import { randomHex } from '../../../base/platform.ts'
import type { AdoptOptions, PackEnds, PackKind, WholePack } from '../../../store/interface.ts'
import { checkPack } from '../../../store/disk/check-pack.ts'
import { ioError, openPack, readWhole, remove } from '../../../store/disk/files.ts'
import { tmpPath } from '../../../store/disk/temporary-name.ts'
import { type PendingPack, giveName } from '../../../store/disk/pack-file.ts'
import { packEnd, packEndBytes, packHead, packHeadBytes } from '../../../store/pack.ts'
import type { PackRef } from '../../../store/segment.ts'
import type { FileEnds } from './upload-file.ts'

export interface LinkOptions extends AdoptOptions {
  /** Hashes every object, and the pack for its name; else the name is random. */
  readonly isChecked: boolean
}

export class LinkedPack implements PendingPack {
  file: string
  readonly ref: PackRef
  readonly #dir: string
  readonly #ends: PackEnds

  private constructor(dir: string, file: string, ends: PackEnds, bytes: number) {
    this.#dir = dir
    this.file = file
    this.#ends = ends
    this.ref = { name: ends.name, bytes }
  }

  /** null where files cannot have two names. @throws VarveError VARVE_CORRUPT when an object is damaged */
  static async link(dir: string, pack: WholePack, options: LinkOptions): Promise<LinkedPack | null> {
    if (pack.file === undefined) return null
    const file = tmpPath(dir)
    try {
      fs.linkSync(pack.file, file)
    } catch {
      return null
    }
    try {
      const ends = options.isChecked
        ? await checkPack({ ...pack, open: () => openPack(file) }, options)
        : randomEnds(pack.kind)
      if (!options.isChecked) options.onBytes?.(pack.bytes)
      return new LinkedPack(dir, file, ends, pack.bytes)
    } catch (error) {
      remove(file)
      throw error
    }
  }

  async written(): Promise<void> {}

  async finish(): Promise<PackRef> {
    const { name, head, end } = this.#ends
    // First, so that no pack is ever without the ends that make its name.
    const file = endsFile(this.#dir, name)
    try {
      await fs.promises.writeFile(file, Buffer.concat([head, end]))
    } catch (cause) {
      throw ioError(cause, file)
    }
    this.file = await giveName(this.#dir, this.file, name)
    return this.ref
  }

  async abort(): Promise<void> {
    remove(this.file)
    remove(endsFile(this.#dir, this.#ends.name))
  }
}

/** The ends noted for a pack in a spool; null where its own are right. */
export function endsOf(dir: string, name: string): FileEnds | null {
  const file = endsFile(dir, name)
  if (!fs.existsSync(file)) return null
  const bytes = readWhole(file, packHeadBytes + packEndBytes)
  return { head: bytes.subarray(0, packHeadBytes), end: bytes.subarray(packHeadBytes) }
}

/** Whether the pack is a file of the local store, with ends that were written whole. */
export function isLinked(dir: string, name: string): boolean {
  const ends = endsOf(dir, name)
  return ends !== null && Buffer.from(ends.end).equals(packEnd(fromHex(name)))
}

function randomEnds(kind: PackKind): PackEnds {
  const sum = fromHex(randomHex(32))
  return { name: toHex(sum), head: packHead(kind, fromHex(randomHex(8))), end: packEnd(sum) }
}

function endsFile(dir: string, name: string): string {
  return path.join(dir, `${name}.ends`)
}
