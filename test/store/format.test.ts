// docs/format/store.md prints bytes; they are what the code writes and reads.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8, utf8Text } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/platform.ts'
import { type Cid, cidOf, cidToBytes, cidToText, digestHex } from '../../src/encoding/cid.ts'
import { formatBytes, manifestName, packPath } from '../../src/store/disk/layout.ts'
import { decodeLogEntry, encodeLogEntry } from '../../src/store/manifest-file.ts'
import { packEnd, packFooter, packHead, readPackTrailer } from '../../src/store/pack.ts'
import { unpack } from '../../src/store/packing.ts'
import { readRecord, recordLength, writeRecord } from '../../src/store/record.ts'
import { runOf } from '../../src/store/run.ts'
import { Segment, encodeSegment, segmentName } from '../../src/store/segment.ts'

const page = readFileSync(new URL('../../docs/format/store.md', import.meta.url), 'utf8')

/** The block that follows this heading. */
function vector(name: string): string {
  const at = page.indexOf(`\n### ${name}\n`)
  if (at < 0) throw new Error(`the page has no vector '${name}'`)
  return page.slice(at).split('```')[1]!.trim()
}

const hex = (name: string): string => vector(name).replaceAll(/\s/g, '')

const nonce = fromHex('0102030405060708')
const hello = cidOf('raw', utf8('hello'))

function helloRecord(): Uint8Array {
  const record = new Uint8Array(recordLength('none', 5))
  const digest = sha256(utf8('hello'))
  writeRecord(record, 0, {
    packing: 'none',
    codec: 'raw',
    depth: 0,
    rawLength: 5,
    digest,
    base: null,
    payload: utf8('hello'),
  })
  return record
}

function helloPack(): Uint8Array {
  const records = concatBytes([packHead('data', nonce), helloRecord()])
  const body = concatBytes([records, packFooter([16], records.length)])
  return concatBytes([body, packEnd(sha256(body))])
}

test('the name of an object', () => {
  expect(hex('Name of the five bytes `hello`, codec raw')).toBe(toHex(cidToBytes(hello)))
  expect(page).toContain(cidToText(hello))
})

test('the format file', () => {
  expect(`${vector('Format file')}\n`).toBe(utf8Text(formatBytes()))
})

test('a pack', () => {
  const pack = helloPack()
  expect(hex('Pack with that object')).toBe(toHex(pack))
  expect(page).toContain(packPath(readPackTrailer(pack.subarray(pack.length - 44), pack.length).name))
})

test('a delta record', () => {
  const record = readRecord(fromHex(hex('Delta record')), 0)
  expect([record.packing, record.base, record.depth]).toEqual(['delta', hello, 1])
  const bytes = unpack(record.packing, record.payload, record.rawLength, utf8('hello'))
  expect(utf8Text(bytes)).toBe('hello hello hello hello')
  expect(record.cid).toBe(cidOf('raw', bytes))
})

test('a patch record', () => {
  const record = readRecord(fromHex(hex('Patch record')), 0)
  expect([record.packing, record.base, record.depth]).toEqual(['patch', hello, 1])
  const bytes = unpack(record.packing, record.payload, record.rawLength, utf8('hello'))
  expect(utf8Text(bytes)).toBe('hello, jello!')
  expect(record.cid).toBe(cidOf('raw', bytes))
})

test('a segment', () => {
  const pack = { name: digestHex(cidOf('raw', helloPack().subarray(0, helloPack().length - 36))), bytes: 117 }
  const digest = sha256(utf8('hello'))
  const run = runOf([{ digest, codec: 'raw', depth: 0, pack, offset: 16, length: 53 }])
  const bytes = encodeSegment(run, nonce)
  const [head, rest] = [hex('Segment, before its fan-out'), hex('Segment, after its fan-out')]
  expect([toHex(bytes, 0, 32), toHex(bytes, 32 + 1024)]).toEqual([head, rest])
  const segment = new Segment(bytes, segmentName(bytes))
  expect(segment.at(segment.find(digest, 'raw'))).toEqual({
    pack,
    offset: 16,
    length: 53,
    codec: 'raw',
    depth: 0,
  })
})

test('a manifest', () => {
  const bytes = fromHex(hex('Manifest'))
  const entry = decodeLogEntry(bytes, 'm')
  expect(toHex(encodeLogEntry(entry))).toBe(toHex(bytes))
  expect(entry.manifest).toEqual({
    sequence: 2,
    timeMs: 1_700_000_000_000,
    head: 'refs/heads/main',
    config: new Map([['user.name', 'Ada']]),
    operation: { name: 'commit', message: 'First', author: 'Ada' },
    gcEpoch: 0,
  })
  expect([...(entry.refs as ReadonlyMap<string, Cid>)]).toEqual([['refs/heads/main', hello]])
  expect([entry.oldest, entry.segments.length, entry.previous]).toEqual([1, 1, '00'.repeat(32)])
  expect(page).toContain(manifestName(2))
})
