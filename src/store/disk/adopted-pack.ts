// A pack that a writer takes in as the file it is: copied into the store, or moved there from a quarantine. Every object
// in it has been hashed before (check-pack.ts). What is moved is moved back when nothing comes of it, as it was: whoever
// sent it may ask once more.
import fs from 'node:fs'
import path from 'node:path'
import type { AdoptOptions, CheckedPack, PackEnds, WholePack } from '../interface.ts'
import { packEndBytes, packHeadBytes } from '../pack.ts'
import type { PackRef } from '../segment.ts'
import { checkPack } from './check-pack.ts'
import { ioError, openNew, readRange, remove, rename, syncFile, writeParts } from './files.ts'
import { tmpPath } from './temporary-name.ts'
import { type Durability, type PendingPack, giveName } from './pack-file.ts'

export interface AdoptingStore {
  readonly dir: string
  readonly durability: Durability
}

/** @throws as checkPack, and VARVE_DISK_FULL: then nothing has changed */
export async function adoptPack(
  store: AdoptingStore,
  pack: WholePack,
  options: AdoptOptions,
): Promise<PendingPack & Pick<CheckedPack, 'records' | 'cut'>> {
  const { file: from, movable } = pack
  if (movable === true && from !== undefined && isBeside(from, store.dir))
    return new MovedPack(store, from, pack.checked ?? (await checkPack(pack, options)))
  const file = tmpPath(store.dir)
  const fd = openNew(file)
  try {
    const take = (bytes: Uint8Array, at: number): Promise<void> => writeParts(fd, [bytes], at, file)
    const checked = await checkPack(pack, { ...options, take, partial: true })
    return new CopiedPack(store, file, checked, flushAndClose(store, fd, file))
  } catch (error) {
    fs.closeSync(fd)
    remove(file)
    throw error
  }
}

abstract class AdoptedPack {
  file: string
  ref: PackRef | null = null
  protected readonly store: AdoptingStore
  protected readonly checked: CheckedPack

  constructor(store: AdoptingStore, file: string, checked: CheckedPack) {
    this.store = store
    this.file = file
    this.checked = checked
  }

  get records(): number {
    return this.checked.records
  }

  get cut(): unknown {
    return this.checked.cut
  }

  async written(): Promise<void> {}

  async finish(): Promise<PackRef> {
    await this.makeDurable()
    const { name, bytes } = this.checked
    this.file = await giveName(this.store.dir, this.file, name)
    this.ref = { name, bytes }
    return this.ref
  }

  protected abstract makeDurable(): Promise<void>
}

class CopiedPack extends AdoptedPack implements PendingPack {
  /** The disk writes while the next pack is read. */
  readonly #flushed: Promise<void>

  constructor(store: AdoptingStore, file: string, checked: CheckedPack, flushed: Promise<void>) {
    super(store, file, checked)
    this.#flushed = flushed
    // Whoever awaits it hears of a failure.
    flushed.catch(() => undefined)
  }

  protected makeDurable(): Promise<void> {
    return this.#flushed
  }

  async abort(): Promise<void> {
    await this.#flushed.catch(() => undefined)
    remove(this.file)
  }
}

class MovedPack extends AdoptedPack implements PendingPack {
  readonly #from: string
  /** What stood at the ends, once it has been moved. */
  #before: Pick<PackEnds, 'head' | 'end'> | null = null

  constructor(store: AdoptingStore, from: string, checked: CheckedPack) {
    super(store, from, checked)
    this.#from = from
  }

  /** Out of the quarantine first: a file there is never another than its name says. */
  protected async makeDurable(): Promise<void> {
    const { bytes } = this.checked
    const head = stretch(this.#from, 0, packHeadBytes)
    const end = stretch(this.#from, bytes - packEndBytes, packEndBytes)
    const moved = tmpPath(this.store.dir)
    rename(this.#from, moved)
    this.file = moved
    this.#before = { head, end }
    await this.#setEnds(this.checked)
  }

  async abort(): Promise<void> {
    if (this.#before === null) return
    // Whoever sent it may have begun to send it again.
    if (fs.existsSync(this.#from)) return remove(this.file)
    await this.#setEnds(this.#before)
    rename(this.file, this.#from)
    this.file = this.#from
    this.#before = null
    this.ref = null
  }

  async #setEnds({ head, end }: Pick<PackEnds, 'head' | 'end'>): Promise<void> {
    const fd = opened(this.file, 'r+')
    try {
      await writeParts(fd, [head], 0, this.file)
      await writeParts(fd, [end], this.checked.bytes - packEndBytes, this.file)
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
    await flushAndClose(this.store, fd, this.file)
  }
}

async function flushAndClose({ durability }: AdoptingStore, fd: number, file: string): Promise<void> {
  try {
    if (durability === 'flushed') await syncFile(fd, file)
  } finally {
    fs.closeSync(fd)
  }
}

function isBeside(file: string, dir: string): boolean {
  return fs.statSync(file).dev === fs.statSync(path.join(dir, 'tmp')).dev
}

function opened(file: string, flags: 'r' | 'r+'): number {
  try {
    return fs.openSync(file, flags)
  } catch (cause) {
    throw ioError(cause, file)
  }
}

function stretch(file: string, at: number, length: number): Uint8Array {
  const fd = opened(file, 'r')
  try {
    return readRange(fd, at, length, file)
  } finally {
    fs.closeSync(fd)
  }
}
