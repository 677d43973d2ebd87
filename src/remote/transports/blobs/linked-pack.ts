// A pack of the local store in a spool, without a copy of its bytes: another name of the same file (a hard link), and
// beside it the bytes that stand at its ends when it is sent. The spool reads objects from it as from any of its packs.
import fs from 'node:fs'
import path from 'node:path'
import type { AdoptOptions, PackEnds, WholePack } from '../../../store/interface.ts'
import { checkPack } from '../../../store/disk/check-pack.ts'
import { ioError, openPack, readWhole, remove, tmpPath } from '../../../store/disk/files.ts'
import { type PendingPack, giveName } from '../../../store/disk/pack-file.ts'
import { packEndBytes, packHeadBytes } from '../../../store/pack.ts'
import type { PackRef } from '../../../store/segment.ts'
import type { FileEnds } from './upload-file.ts'

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
  static async link(dir: string, pack: WholePack, options: AdoptOptions): Promise<LinkedPack | null> {
    if (pack.file === undefined) return null
    const file = tmpPath(dir)
    try {
      fs.linkSync(pack.file, file)
    } catch {
      return null
    }
    try {
      const ends = await checkPack({ ...pack, open: () => openPack(file) }, options)
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

/** Of a pack in a spool; null where its own are right. */
export function endsOf(dir: string, name: string): FileEnds | null {
  const file = endsFile(dir, name)
  if (!fs.existsSync(file)) return null
  const bytes = readWhole(file, packHeadBytes + packEndBytes)
  return { head: bytes.subarray(0, packHeadBytes), end: bytes.subarray(packHeadBytes) }
}

function endsFile(dir: string, name: string): string {
  return path.join(dir, `${name}.ends`)
}
