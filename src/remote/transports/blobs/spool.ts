// Packs on their way to a remote: a small store of its own in the cache folder, whose packs are sent as they are. Every
// so many bytes what has come is closed there and begins to travel while the rest is still being packed; a pack of the
// local store that is wanted whole is linked there instead, and travels at once. After a kill the next push finds the
// spool, takes it over, and sends only what has not arrived yet. Its packs are not flushed, which would cost as much as
// sending them: what is taken over is hashed first, unless the remote hashes it anyway.
import fs from 'node:fs'
import path from 'node:path'
import { toHex } from '../../../base/bytes.ts'
import { corrupt, isVarveError } from '../../../base/errors.ts'
import { randomHex, sha256Stream } from '../../../base/platform.ts'
import type { AdoptOptions, WholePack } from '../../../store/interface.ts'
import { isMissing } from '../../../store/disk/files.ts'
import { packPath } from '../../../store/disk/layout.ts'
import { DiskStore } from '../../../store/disk/store.ts'
import { DiskWriter } from '../../../store/disk/writer.ts'
import { packEndBytes } from '../../../store/pack.ts'
import type { PackRef, Segment } from '../../../store/segment.ts'
import { LinkedPack, endsOf, isLinked } from './linked-pack.ts'
import type { Publisher } from './publish.ts'
import { UploadFile } from './upload-file.ts'

const uploadsMax = 3
const readBytes = 1 << 20
const durability = 'loose'
/** A spool older than this belongs to a push that nobody will repeat. */
const ageMsMax = 7 * 24 * 3_600_000

export interface SpoolOptions {
  /** Folder of all spools of one remote. */
  readonly dir: string
  /** The remote's gc epoch: what was packed before a gc there may stand on what is gone. */
  readonly gcEpoch: number
  /** Takes over nothing: what others left there is thrown away. */
  readonly isFresh?: boolean
  readonly signal?: AbortSignal | undefined
}

type Receiving = Pick<Publisher, 'upload' | 'checksPacks'>

export class Spool {
  readonly #publisher: Receiving
  readonly #dir: string
  readonly #options: SpoolOptions
  readonly #store: DiskStore
  readonly #writer: DiskWriter
  /** Names of packs that are at the remote, or on their way. */
  readonly #sent = new Set<string>()
  readonly #underway = new Set<Promise<void>>()
  #failure: unknown = null

  private constructor(publisher: Receiving, dir: string, store: DiskStore, options: SpoolOptions) {
    this.#publisher = publisher
    this.#dir = dir
    this.#store = store
    this.#options = options
    this.#writer = writerOf(store)
  }

  static async open(publisher: Receiving, options: SpoolOptions): Promise<Spool> {
    fs.mkdirSync(options.dir, { recursive: true, mode: 0o700 })
    const dir = path.join(options.dir, nameOf(process.pid, options.gcEpoch))
    const left = takeOver(options, dir)
    if (left) {
      try {
        const spool = new Spool(publisher, dir, await DiskStore.open(dir, { durability }), options)
        for (const { name } of spool.packs())
          if (!publisher.checksPacks || !isLinked(dir, name)) await checkName(dir, name)
        return spool
      } catch (error) {
        // A power cut may have taken any part of it.
        if (!isVarveError(error) && !isMissing(error)) throw error
        fs.rmSync(dir, { recursive: true, force: true })
      }
    }
    return new Spool(publisher, dir, await DiskStore.create(dir, { durability }), options)
  }

  get writer(): DiskWriter {
    return this.#writer
  }

  /** As `ObjectWriter.adopt`; the pack is sent at once. */
  async adopt(pack: WholePack, options: AdoptOptions): Promise<boolean> {
    const linked = await LinkedPack.link(this.#dir, pack, {
      ...options,
      isChecked: !this.#publisher.checksPacks,
    })
    if (linked === null) return false
    this.#writer.adopted(linked, pack)
    await this.checkpoint()
    return true
  }

  /** What was put so far is in closed packs, and on its way. */
  async checkpoint(): Promise<void> {
    const operation = { name: 'spool', message: '', author: '' }
    await this.#store.update(() => ({ operation }), { writer: this.#writer })
    for (const pack of this.packs()) {
      if (this.#sent.has(pack.name)) continue
      this.#sent.add(pack.name)
      while (this.#underway.size >= uploadsMax) await Promise.race(this.#underway)
      const sending = this.#send(pack)
        .catch((error: unknown) => {
          this.#sent.delete(pack.name)
          this.#failure ??= error
        })
        .finally(() => this.#underway.delete(sending))
      this.#underway.add(sending)
    }
    this.#throwFailure()
  }

  /** Everything that was put is durable at the remote, though nobody sees it yet. */
  async send(): Promise<void> {
    await this.checkpoint()
    await Promise.all(this.#underway)
    this.#throwFailure()
  }

  segments(): readonly Segment[] {
    return this.#store.segments()
  }

  packs(): PackRef[] {
    const packs = new Map(
      this.segments().flatMap((segment) => segment.packs.map((pack) => [pack.name, pack])),
    )
    return [...packs.values()]
  }

  /** Whether a pack in it was not hashed here. */
  get isUnchecked(): boolean {
    return this.#publisher.checksPacks && this.packs().some(({ name }) => isLinked(this.#dir, name))
  }

  /** Drops what is in no closed pack; the others may serve the next push. */
  async close(): Promise<void> {
    await Promise.all(this.#underway)
    await this.#writer.abort()
    const isEmpty = this.packs().length === 0
    await this.#store.close()
    if (isEmpty) fs.rmSync(this.#dir, { recursive: true, force: true })
    else fs.renameSync(this.#dir, path.join(this.#options.dir, nameOf(0, this.#options.gcEpoch)))
  }

  async remove(): Promise<void> {
    await Promise.all(this.#underway)
    await this.#store.close()
    fs.rmSync(this.#dir, { recursive: true, force: true })
  }

  async #send(pack: PackRef): Promise<void> {
    const { signal } = this.#options
    const name = packPath(pack.name)
    const journal = path.join(this.#dir, `${pack.name}.upload`)
    const ends = endsOf(this.#dir, pack.name)
    await this.#publisher.upload(name, path.join(this.#dir, name), { signal, journal, ends })
  }

  /** Throws a failure of sending, once: the next attempt sends again what has not arrived. */
  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) throw failure
  }
}

function writerOf(store: DiskStore): DiskWriter {
  const writer = store.writer()
  if (!(writer instanceof DiskWriter)) throw new TypeError('a spool lies on a disk')
  return writer
}

/** @throws VarveError VARVE_CORRUPT */
async function checkName(dir: string, name: string): Promise<void> {
  const digest = sha256Stream()
  const file = path.join(dir, packPath(name))
  const opened = await UploadFile.open(file, endsOf(dir, name))
  try {
    const end = opened.size - packEndBytes
    for (let at = 0; at < end; at += readBytes)
      digest.update(await opened.read(at, Math.min(readBytes, end - at)))
  } finally {
    await opened.close()
  }
  if (toHex(digest.digest()) !== name) throw corrupt(`'${file}' does not match its name`)
}

/** A spool's name. `pid` says whose it is, 0 when it was left behind on purpose. */
function nameOf(pid: number, gcEpoch: number): string {
  return `${pid}-${gcEpoch}-${randomHex(8)}`
}

/** Whether there is one that nobody works on. */
export function hasLeftSpool(dir: string): boolean {
  return (
    fs.existsSync(dir) &&
    fs.readdirSync(dir).some((name) => !isRunning(Number(/^\d+/.exec(name)?.[0] ?? process.pid)))
  )
}

/** Gives a spool whose process has ended our name, in one step: of two who want it one gets it. */
function takeOver({ dir, gcEpoch, isFresh = false }: SpoolOptions, ours: string): boolean {
  let taken = isFresh
  for (const name of fs.readdirSync(dir)) {
    const [, pid, epoch] = /^(\d+)-(\d+)-[0-9a-f]+$/.exec(name) ?? []
    if (pid === undefined || isRunning(Number(pid))) continue
    const spool = path.join(dir, name)
    const ageMs = Date.now() - (fs.statSync(spool, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (taken || Number(epoch) !== gcEpoch || ageMs > ageMsMax || !DiskStore.exists(spool)) {
      fs.rmSync(spool, { recursive: true, force: true })
      continue
    }
    try {
      fs.renameSync(spool, ours)
      taken = true
    } catch {
      // Another push was faster.
    }
  }
  return taken && !isFresh
}

function isRunning(pid: number): boolean {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
