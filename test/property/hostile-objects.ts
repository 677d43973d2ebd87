// Objects that are made to do harm: nodes whose counts and cuts are right, with entries that no tree may have.
import * as dagCbor from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import type { Cid } from '../../src/encoding/cid.ts'
import { readNode } from '../format/prolly.ts'
import type { Random } from './hostile-values.ts'

export type Objects = ReadonlyMap<Cid, Uint8Array>

interface Entry {
  key: Uint8Array
  value: Uint8Array
  links: CID[]
}

const evilPaths = [
  '../evil',
  '../../evil',
  '/evil',
  'a/../../evil',
  '.varve/evil',
  '.VARVE/evil',
  '.git/evil',
  'a/.varve/evil',
  '.',
  '..',
  '',
  'a//evil',
  'evil/',
  'a\\..\\evil',
  'C:evil',
  'nul\0evil',
  'line\nevil',
  'x'.repeat(256),
  `${'d/'.repeat(499)}evil`,
  'varve.yaml',
  'a.txt/evil',
]

/** An evil object in the place of `before`, or null where there is none for its kind. */
export function evilObject(
  kind: string,
  before: unknown,
  random: Random,
): { value: unknown; what: string } | null {
  if (!kind.startsWith('node')) return null
  const fields = before as unknown[]
  const node = readNode(dagCbor.encode(before))
  let linkAt = 0
  const entries: Entry[] = node.entries.map(({ key, value, links }) => ({
    key,
    value,
    links: (fields[11] as CID[]).slice(linkAt, (linkAt += links.length)),
  }))
  const first = random.one(entries)
  if (first === undefined) return null
  const make = random.one(Object.entries(evils))
  make[1](entries, first, random)
  const value = encodeNode(node.kind, node.level, node.target, entries, fields.slice(4, 6) as number[])
  return { value, what: make[0] }
}

const evils: Readonly<Record<string, (entries: Entry[], one: Entry, random: Random) => void>> = {
  path: (entries, one, random) => {
    const path = random.one(evilPaths)
    entries.push({ ...one, key: Buffer.from(path) })
    sort(entries)
  },
  'a symlink, and a file behind it': (entries, one) => {
    entries.push({ key: Buffer.from('evil-link'), value: Buffer.from('\x03..'), links: [] })
    entries.push({ ...one, key: Buffer.from('evil-link/evil') })
    sort(entries)
  },
  'the same key twice': (entries, one) => void entries.splice(entries.indexOf(one), 0, one),
  'keys out of order': (entries) => void entries.reverse(),
  'a huge size': (_, one) =>
    (one.value = Uint8Array.of(one.value[0] ?? 1, 255, 255, 255, 255, 255, 255, 255, 15)),
  'no value': (_, one) => (one.value = new Uint8Array(0)),
  'another value': (_, one, random) =>
    (one.value = new Uint8Array(random.below(40)).map(() => random.below(256))),
  'no links': (_, one) => (one.links = []),
  'links twice': (_, one) => (one.links = [...one.links, ...one.links]),
  'a table for a file': (_, one) => (one.value = Uint8Array.of(4)),
  'a file for a table': (_, one) => (one.value = Uint8Array.of(1, 200, 1)),
  'another key': (entries, one, random) => {
    one.key = new Uint8Array(random.below(30)).map(() => random.below(256))
    sort(entries)
  },
  'a key of 2000 bytes': (entries, one) => {
    one.key = new Uint8Array(2000).fill(97)
    sort(entries)
  },
}

function sort(entries: Entry[]): void {
  entries.sort((a, b) => Buffer.compare(a.key, b.key))
}

function encodeNode(kind: number, level: number, target: number, entries: Entry[], sums: number[]): unknown {
  const keys = Buffer.concat(kind === 0 ? entries.map(({ key }) => key) : [])
  const values = Buffer.concat(entries.map(({ value }) => value))
  const links = entries.flatMap((entry) => entry.links)
  const bytes = level > 0 || kind === 2 ? sums[1] : keys.length + values.length
  return [
    1,
    kind,
    level,
    target,
    level > 0 ? sums[0] : entries.length,
    bytes,
    kind === 0
      ? ends(
          entries.map(({ key }) => key.length),
          keys.length,
        )
      : new Uint8Array(0),
    new Uint8Array(keys),
    ends(
      entries.map(({ value }) => value.length),
      values.length,
    ),
    new Uint8Array(values),
    level > 0 || links.length === 0
      ? new Uint8Array(0)
      : ends(
          entries.map((entry) => entry.links.length),
          links.length,
        ),
    links,
  ]
}

function ends(lengths: number[], indexed: number): Uint8Array {
  const width = indexed < 65_536 ? 2 : 4
  const out = Buffer.alloc(width * lengths.length)
  let end = 0
  for (const [i, length] of lengths.entries()) {
    end += length
    if (width === 2) out.writeUInt16LE(end, 2 * i)
    else out.writeUInt32LE(end, 4 * i)
  }
  return new Uint8Array(out)
}
