// A repository's folder (docs/FORMAT.md and docs/format/store.md): its format file, its newest manifest with the chain
// behind it, its segments and packs. Gives objects by name.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import {
  type Fields,
  type Name,
  bytesOf,
  check,
  decode,
  fields,
  hex,
  link,
  list,
  number,
  sha256,
  string,
  text,
} from './bytes.ts'
import { type StoredRecord, readPack, unpack } from './packs.ts'
import { xxh32 } from './xxh32.ts'

export interface Manifest {
  readonly sequence: number
  readonly head: string | null
  readonly config: Fields
  readonly operation: readonly [verb: string, message: string, author: string]
}

export interface Place {
  readonly pack: string
  readonly offset: number
  readonly length: number
}

export class StoredRepository {
  readonly manifest: Manifest
  readonly refs: ReadonlyMap<string, Name>
  readonly #folder: string
  readonly #places = new Map<string, Place>()
  readonly #packs = new Map<string, Map<number, StoredRecord>>()
  /** How many objects were read of each packing. */
  readonly packings: number[] = [0, 0, 0, 0, 0]

  constructor(folder: string) {
    this.#folder = folder
    checkFormat(readFileSync(path.join(folder, 'format'), 'utf8'))
    const payload = this.#newest()
    const [verb, message, author] = list(payload['operation'], 'operation').map((item) =>
      string(item, 'item'),
    )
    this.manifest = {
      sequence: number(payload['sequence'], 'sequence'),
      head: payload['head'] === null ? null : string(payload['head'], 'head'),
      config: fields(payload['config'], 'config'),
      operation: [verb!, message!, author!],
    }
    for (const named of list(payload['segments'], 'segments')) {
      const [name, objects, size] = list(named, 'segment')
      const file = readFileSync(path.join(folder, 'idx', `${string(name, 'name')}.idx`))
      check(file.length === size, 'a segment has the size that the manifest says')
      check(readSegment(file, string(name, 'name'), this.#places) === objects, 'and its number of objects')
    }
    this.refs = this.#readRefs(payload['refs'])
    check((this.manifest.head === null) === this.refs.has('HEAD'), 'HEAD is a ref while it is detached')
  }

  has(name: Name): boolean {
    return this.#places.has(placeKey(name))
  }

  /** @throws Error if it is not there, or not as FORMAT says. */
  object(name: Name): Uint8Array {
    const place = this.#places.get(placeKey(name))
    check(place !== undefined, `the object ${name} is there`)
    const record = this.#pack(place.pack).get(place.offset)
    check(record !== undefined && record.name === name, 'a segment says where a record begins')
    const length = record.payload.length + (record.base === null ? 48 : 84)
    check(length === place.length, 'a segment says how long a record is')
    this.packings[record.packing]!++
    return unpack(record, record.base === null ? new Uint8Array(0) : this.object(record.base))
  }

  #newest(): Fields {
    const names = readdirSync(path.join(this.#folder, 'm')).sort()
    check(
      names.every((name) => /^\d{20}$/.test(name)),
      'manifests are named by 20 digits',
    )
    let payload: Fields | undefined
    let previous: string | null = null
    for (const [i, name] of names.entries()) {
      const file = readFileSync(path.join(this.#folder, 'm', name))
      check(file.length <= 65_536, 'a manifest has 64 KiB at most')
      const [version, digest, bytes] = list(decode(file, 'a manifest'), 'a manifest')
      check(version === 1, 'a manifest begins with 1')
      check(hex(bytesOf(digest, 'digest')) === sha256(bytesOf(bytes, 'payload')), 'then its digest')
      payload = fields(decode(bytesOf(bytes, 'payload'), 'payload'), 'payload')
      check(payload['sequence'] === Number(name), 'a manifest has the number of its name')
      check(i === 0 || Number(name) === Number(names[i - 1]) + 1, 'there is no gap')
      check(previous === null || payload['previous'] === previous, 'each names the digest of the one before')
      previous = sha256(file)
    }
    check(payload !== undefined, 'there is a manifest')
    const hint = path.join(this.#folder, 'newest')
    if (existsSync(hint))
      check(/^\d+ [0-9a-f]{64}\n$/.test(readFileSync(hint, 'utf8')), '`newest` has its form')
    return payload
  }

  #pack(name: string): Map<number, StoredRecord> {
    let pack = this.#packs.get(name)
    if (pack === undefined) {
      pack = readPack(readFileSync(path.join(this.#folder, 'packs', name.slice(0, 2), `${name}.pack`)), name)
      this.#packs.set(name, pack)
    }
    return pack
  }

  #readRefs(value: Fields[string] | undefined): Map<string, Name> {
    const spilled = Object.keys(Object(value)).length > 0 && !isPlain(value)
    if (!spilled)
      return new Map(Object.entries(fields(value, 'refs')).map(([ref, to]) => [ref, link(to, ref)]))
    const parts = list(decode(this.object(link(value, 'refs')), 'refs'), 'refs')
    const refs = new Map<string, Name>()
    for (const [i, part] of parts.entries()) {
      const map = Object.entries(fields(decode(this.object(link(part, 'part')), 'part'), 'part'))
      const names = map.map(([ref]) => ref).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const [n, ref] of names.entries()) {
        const ends = xxh32(Buffer.from(ref), 0) % 256 === 0 || n === 2047
        check(
          ends === (n === names.length - 1) || i === parts.length - 1,
          'spilled refs are cut by their names',
        )
      }
      for (const [ref, to] of map) refs.set(ref, link(to, ref))
    }
    return refs
  }
}

function isPlain(value: unknown): boolean {
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
}

export const placeKey = (name: Name): string => name.slice(2, 4) + name.slice(8, 48)

function checkFormat(line: string): void {
  const { check: digest, ...rest } = JSON.parse(line) as Record<string, unknown>
  check(sha256(Buffer.from(JSON.stringify(rest))).slice(0, 16) === digest, 'format has its digest')
  check(`${JSON.stringify({ ...rest, check: digest })}\n` === line, 'format is one line')
  check(rest['format'] === 1, 'format is 1')
}

/** Puts the places of all entries into `places`; how many there are. */
export function readSegment(file: Uint8Array, name: string, places: Map<string, Place>): number {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  check(text(file.subarray(0, 4)) === 'VSEG' && file[4] === 1, 'a segment begins with VSEG and version 1')
  const entries = view.getUint32(8, true)
  const packs = view.getUint32(12, true)
  const start = 32 + 1024 + 40 * packs
  check(file.length === start + 32 * entries + 32, 'a segment has the parts that its head counts')
  const digest = sha256(file.subarray(0, file.length - 32))
  check(
    hex(file.subarray(file.length - 32)) === digest && digest === name,
    'a segment is named by its digest',
  )
  const upTo = Array.from({ length: 256 }, () => 0)
  let before = ''
  for (let i = 0; i < entries; i++) {
    const at = start + 32 * i
    const prefix = hex(file.subarray(at, at + 20))
    const bits = view.getUint32(at + 28, true)
    const ordinal = view.getUint32(at + 20, true)
    check(ordinal < packs, 'an entry names one of the packs')
    const codec = (bits >>> 24) & 1 ? '71' : '55'
    check(before < prefix + codec, 'entries ascend by prefix, then codec')
    before = prefix + codec
    upTo[file[at]!]!++
    places.set(codec + prefix, {
      pack: hex(file.subarray(1056 + 40 * ordinal, 1056 + 40 * ordinal + 32)),
      offset: view.getUint32(at + 24, true),
      length: bits & 0xffffff,
    })
  }
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    sum += upTo[byte]!
    check(view.getUint32(32 + 4 * byte, true) === sum, 'the fan-out counts the entries')
  }
  return entries
}
