// Puts the living records of many small packs into one of each kind, as they are. Each pack is compared with its name
// before: damage is found and never spread.
import path from 'node:path'
import { toHex } from '../../../base/bytes.ts'
import { corrupt } from '../../../base/errors.ts'
import { sha256 } from '../../../base/platform.ts'
import type { PackKind } from '../../interface.ts'
import { packEndBytes, packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../../pack.ts'
import { readRecordHead } from '../../record.ts'
import type { PlacedObject } from '../../run.ts'
import type { PackRef } from '../../segment.ts'
import { readWhole } from '../files.ts'
import type { DiskHome } from '../home.ts'
import type { IndexView } from '../index-view.ts'
import { packPath } from '../layout.ts'
import { PackFile, type PendingPack } from '../pack-file.ts'

/** A record that has another place now. */
export interface MovedRecord extends PlacedObject {
  readonly from: { readonly pack: string; readonly offset: number }
}

export class JoinedPacks {
  readonly moved: MovedRecord[] = []
  readonly packs: PendingPack[] = []
  /** A manifest may name them. */
  isOffered = false
  readonly #home: DiskHome
  readonly #open: Record<PackKind, { file: PackFile; records: Omit<MovedRecord, 'pack'>[] } | null> = {
    meta: null,
    data: null,
  }

  constructor(home: DiskHome) {
    this.#home = home
  }

  /** @throws ENOENT when another process removed one, VarveError VARVE_CORRUPT */
  async join(packs: readonly PackRef[], view: IndexView): Promise<void> {
    for (const pack of packs) await this.#take(pack, view)
    for (const kind of ['meta', 'data'] as const) await this.#finish(kind)
  }

  /** Removes the new packs, of which nobody else knows yet. */
  async abort(): Promise<void> {
    for (const pack of this.packs) await pack.abort()
  }

  async #take(pack: PackRef, view: IndexView): Promise<void> {
    const name = packPath(pack.name)
    const bytes = readWhole(path.join(this.#home.dir, name), pack.bytes)
    const { footerAt, records } = readPackTrailer(
      bytes.subarray(bytes.length - packTrailerBytes),
      bytes.length,
    )
    if (toHex(sha256(bytes.subarray(0, bytes.length - packEndBytes))) !== pack.name)
      throw corrupt(`'${name}' does not match its name`, { path: name })
    const kind = readPackKind(bytes)
    let at = packHeadBytes
    for (let i = 0; i < records; i++) {
      const { length, codec, depth } = readRecordHead(bytes, at, footerAt)
      const digest = new Uint8Array(bytes.subarray(at + 16, at + 48))
      const found = view.find(digest, codec)
      if (found !== null && found.pack.name === pack.name && found.offset === at) {
        const open = this.#packOf(kind)
        const offset = open.file.append([bytes.subarray(at, at + length)], [length])
        open.records.push({ digest, codec, depth, length, offset, from: { pack: pack.name, offset: at } })
      }
      at += length
    }
    // Others have their turn, and memory is let go.
    await this.#open[kind]?.file.written()
    if (this.#open[kind]?.file.isFull === true) await this.#finish(kind)
  }

  #packOf(kind: PackKind): { file: PackFile; records: Omit<MovedRecord, 'pack'>[] } {
    const known = this.#open[kind]
    if (known !== null) return known
    const file = new PackFile(this.#home.dir, kind, this.#home.durability)
    this.packs.push(file)
    return (this.#open[kind] = { file, records: [] })
  }

  async #finish(kind: PackKind): Promise<void> {
    const open = this.#open[kind]
    if (open === null) return
    this.#open[kind] = null
    const pack = await open.file.finish()
    for (const record of open.records) this.moved.push({ ...record, pack })
  }
}
