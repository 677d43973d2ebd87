// A bundle (docs/format/exchange.md): the header, and the objects in the segment and packs behind it.
import {
  type Fields,
  type Name,
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
import { type Place, placeKey, readSegment } from './repository.ts'

export interface StoredBundle {
  readonly head: string | null
  readonly refs: Fields
  readonly needs: readonly Name[]
  object(name: Name): Uint8Array
}

export function readBundle(file: Uint8Array): StoredBundle {
  check(
    text(file.subarray(0, 4)) === 'VBUN' && hex(file.subarray(4, 8)) === '01000000',
    'a bundle begins with VBUN',
  )
  const length = Buffer.from(file).readUInt32LE(8)
  const head = file.subarray(44, 44 + length)
  check(hex(file.subarray(12, 44)) === sha256(head), 'a header has its digest')
  const header = fields(decode(head, 'a header'), 'a header')
  const places = new Map<string, Place>()
  const packs = new Map<string, Map<number, StoredRecord>>()
  let at = 44 + length
  for (const [i, named] of list(header['files'], 'files').entries()) {
    const [name, size] = list(named, 'a file')
    const bytes = file.subarray(at, (at += number(size, 'size')))
    const [, kind, digest] = /^(idx|packs)\/(?:[0-9a-f]{2}\/)?([0-9a-f]{64})\.(idx|pack)$/.exec(
      string(name, 'name'),
    )!
    check((kind === 'idx') === (i === 0), 'the segment comes first')
    if (kind === 'idx') readSegment(bytes, digest!, places)
    else packs.set(digest!, readPack(bytes, digest!))
  }
  check(at === file.length, 'nothing is behind the last file')
  const object = (name: Name): Uint8Array => {
    const place = places.get(placeKey(name))
    check(place !== undefined, `the object ${name} is there`)
    const record = packs.get(place.pack)!.get(place.offset)!
    return unpack(record, record.base === null ? new Uint8Array(0) : object(record.base))
  }
  return {
    head: header['head'] === null ? null : string(header['head'], 'head'),
    refs: fields(header['refs'], 'refs'),
    needs: list(header['needs'], 'needs').map((need) => link(need, 'a need')),
    object,
  }
}
