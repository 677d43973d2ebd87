// The objects under a prefix of an S3 bucket as a place of files. A put replaces an object as a whole, and only if its tag
// is still the one that was read: no writer is overwritten, not even in an instant.
import { VarveError } from '../../base/errors.ts'
import { concatBytes, utf8, utf8Text } from '../../base/bytes.ts'
import { randomHex } from '../../base/platform.ts'
import type { S3Client } from '../../http/s3/client.ts'
import { createExclusively } from '../../http/s3/create.ts'
import { download } from '../../http/s3/download.ts'
import { listPage } from '../../http/s3/listing.ts'
import { creating, keepsRaces, replacing } from '../../http/s3/race-probe.ts'
import { headObject, replaceExactly } from '../../http/s3/replace.ts'
import { isTableFile } from '../files/file-name.ts'
import type { FilePlace, ListedFile, OpenedFile, PlaceState, StagedFile } from '../files/interface.ts'
import { PassedOverFiles, tooDeep } from '../files/passed-over.ts'
import type { PassedOver } from '../interface.ts'
import { fileWaits } from '../files/waiting.ts'
import { type ObjectVersion, OpenedObject } from './opened-object.ts'

const stateName = '.varve-sync.json'
const stateBytesMax = 16 << 20
const filesMax = 100_000
const namesMax = 1_000_000
const tryingMax = 20
/** Buckets that have lost no race while this process runs. */
const sound = new Set<string>()
const noTag = `"${'0'.repeat(32)}"`
/** What is written goes in one request. */
const objectBytesMax = 1 << 30

export class S3FilePlace implements FilePlace {
  readonly location: string
  passedOver: readonly PassedOver[] = []
  readonly #client: S3Client
  /** As the last listing showed them. */
  readonly #listed = new Map<string, ObjectVersion>()
  /** Whether the store was seen to refuse a put whose condition does not hold. */
  #isSafe = false

  constructor(client: S3Client) {
    this.#client = client
    this.location = client.location
  }

  identity(): Promise<string> {
    return Promise.resolve(`s3:${this.location}`)
  }

  async list(): Promise<readonly ListedFile[]> {
    this.#listed.clear()
    const passedOver = new PassedOverFiles()
    let [after, names]: [string | null, number] = [null, 0]
    do {
      const page = await listPage(this.#client, '', after, undefined)
      for (const { name, tag, bytes } of page.blobs)
        if (isTablePath(name)) this.#listed.set(name, { tag, bytes })
        else addPassedOver(passedOver, name)
      names += page.blobs.length
      after = page.hasMore ? page.blobs.at(-1)!.name : null
      if (this.#listed.size > filesMax || names > namesMax) throw tooMany(this.location)
    } while (after !== null)
    this.passedOver = passedOver.list
    return [...this.#listed.keys()].map((path) => ({ path }))
  }

  async open(path: string, when: 'listed' | 'now'): Promise<OpenedFile> {
    const listed = when === 'listed' ? this.#listed.get(path) : undefined
    const version = listed ?? (await headObject(this.#client, this.#key(path)))
    if (version === null) throw fileWaits(path, 'is gone')
    return new OpenedObject(this.#client, path, version)
  }

  async stage(path: string, parts: AsyncIterable<Uint8Array>, over: OpenedFile | null): Promise<StagedFile> {
    const bytes = await gathered(path, parts)
    const key = this.#key(path)
    const tag = over === null ? null : (over as OpenedObject).tag
    return {
      isCurrent: async () => ((await headObject(this.#client, key))?.tag ?? null) === tag,
      put: async () => {
        if (!(await this.#put(key, bytes, tag))) throw raced(path)
      },
      drop: () => Promise.resolve(),
    }
  }

  /** Nothing lies anywhere, and what is put late meets its condition or nothing. */
  clearStaged(): Promise<void> {
    return Promise.resolve()
  }

  async readState(): Promise<PlaceState> {
    const whole = { offset: 0, length: null, bytesMax: stateBytesMax }
    const found = await download(this.#client, this.#key(stateName), whole, undefined)
    if (found === null) return { text: null, version: null }
    return { text: utf8Text(found.bytes), version: found.headers['etag'] ?? '' }
  }

  async writeState(text: string, over: PlaceState): Promise<boolean> {
    // Whoever wrote it has raced there.
    if (over.text === null) await this.#race()
    else if (!this.#isSafe && !(await this.#tryOut(over.text))) return false
    const isWritten = await this.#put(this.#key(stateName), utf8(text), over.version)
    // Whether the store keeps conditions is known only now, for the first one, and before anything else is written.
    if (isWritten && !this.#isSafe && !(await this.#tryOut(text))) throw raced(stateName)
    return isWritten
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #put(key: string, bytes: Uint8Array, tag: string | null): Promise<boolean> {
    return tag === null
      ? createExclusively(this.#client, key, bytes, undefined)
      : replaceExactly(this.#client, key, bytes, tag)
  }

  /**
   * Puts the state as it is, once under a condition that holds and once under one that does not: a store that takes both
   * knows no conditions, and has come to no harm. False where it is another one: what was read just now and nobody has
   * looked at is not put back, for an answer that was cut would take the place of what is there.
   */
  async #tryOut(known: string): Promise<boolean> {
    const key = this.#key(stateName)
    for (let attempt = 0; attempt < tryingMax; attempt++) {
      const { text, version } = await this.readState()
      if (text !== known || version === null) return false
      if (!(await replaceExactly(this.#client, key, utf8(known), version))) continue
      if (await replaceExactly(this.#client, key, utf8(known), noTag)) throw unconditional(this.location)
      this.#isSafe = true
      return true
    }
    return false
  }

  /** Before the first write, so that a store that loses races is left without a trace, and asked again. */
  async #race(): Promise<void> {
    if (sound.has(this.#client.store)) return
    const key = this.#key(`.varve-probe-${randomHex(8)}`)
    for (const [name, contest] of Object.entries({ creating, replacing }))
      if (!(await keepsRaces(this.#client, `${key}-${name}`, contest, undefined)))
        throw unconditional(this.location)
    sound.add(this.#client.store)
  }

  #key(path: string): string {
    return this.#client.address.prefix + path
  }
}

/** Whether an object may be a table: 'people.csv' or 'orders/1.csv', and nothing deeper. */
function isTablePath(name: string): boolean {
  const parts = name.split('/')
  if (parts.length > 2 || parts.some((part) => part === '' || part.startsWith('.'))) return false
  return isTableFile(parts.at(-1)!)
}

function addPassedOver(passedOver: PassedOverFiles, name: string): void {
  const parts = name.split('/')
  if (parts.some((part) => part.startsWith('.'))) return
  if (parts.length <= 2) passedOver.add(name, parts.at(-1)!)
  else if (isTableFile(parts.at(-1)!)) passedOver.addFor(tooDeep, name)
}

async function gathered(path: string, parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let length = 0
  for await (const part of parts) {
    all.push(part.slice())
    length += part.length
    if (length > objectBytesMax)
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `'${path}' would be larger than ${objectBytesMax >> 30} GiB`,
        {
          data: { path, objectBytesMax },
          hint: 'nothing was written; split the table over several links',
        },
      )
  }
  return concatBytes(all)
}

function unconditional(location: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${location}' does not keep conditional writes`, {
    data: { location },
    hint: "another writer's rows could be lost there; its objects can be read: mode 'capture'",
  })
}

function raced(path: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' could not be written: somebody else was faster`, {
    data: { path, passing: true },
    hint: 'run it again',
  })
}

function tooMany(location: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${location}' has too many objects`, {
    data: { location, filesMax, namesMax },
    hint: 'use a prefix of its own for each link',
  })
}
