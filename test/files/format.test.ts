// docs/format/files.md says these things in words and tables; here they are asked of the code.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { ChunkCutter } from '../../src/chunking/cutter.ts'
import { binaryRule, type CutRule, gearTable, textRule } from '../../src/chunking/gear.ts'
import { cidOf } from '../../src/encoding/cid.ts'
import { writeBytes } from '../../src/files/content.ts'
import { encodeEntry } from '../../src/files/entry.ts'
import { componentBytesMax, pathBytesMax, pathFromBytes } from '../../src/files/path.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { noise } from '../chunking/noise.ts'

const page = readFileSync(new URL('../../docs/format/files.md', import.meta.url), 'utf8')

function lengthsOf(bytes: Uint8Array, rule: CutRule): number[] {
  const lengths: number[] = []
  const cutter = new ChunkCutter(rule, (chunk) => lengths.push(chunk.length))
  cutter.push(bytes)
  cutter.end()
  return lengths
}

test('the page has the gear table’s first entries', () => {
  const rows = [...page.matchAll(/^\| (\d) \| (\d+) \|$/gm)]
  expect(rows.map(([, entry, value]) => [Number(entry), Number(value)])).toEqual(
    [...gearTable().subarray(0, 4)].map((value, entry) => [entry, value >>> 0]),
  )
})

test('the page has the chunks of its test vectors', () => {
  const vectors: [string, Uint8Array, CutRule][] = [
    ['noise(400000, 1) | 64 KiB', noise(400_000, 1), binaryRule],
    ['noise(100000, 1) | 16 KiB', noise(100_000, 1), textRule],
    ['614400 zeros | 64 KiB', new Uint8Array(614_400), binaryRule],
  ]
  for (const [name, bytes, rule] of vectors)
    expect(page).toContain(`| ${name} | ${lengthsOf(bytes, rule).join(', ')} |`)
})

test('the page has the name of a file of several chunks', () => {
  const { content } = writeBytes(MemoryStore.create().writer(), noise(400_000, 1))
  expect(page).toContain(`The content of noise(400000, 1) is the list \`${content}\``)
})

test('the page has the entries, paths and limits that the code has', () => {
  const spaced = (bytes: Uint8Array): string => toHex(bytes).replace(/..(?=.)/g, '$& ')
  const content = cidOf('raw', utf8('x'))
  const file = encodeEntry({ kind: 'file', executable: false, size: 300, content })
  const link = encodeEntry({ kind: 'symlink', target: utf8('../a') })
  expect(page).toContain(
    `A file of 300 bytes is \`${spaced(file.value)}\`; a link to \`../a\` is \`${spaced(link.value)}\``,
  )
  expect(pathFromBytes(Uint8Array.of(0x61, 0xff))).toBe('a\udcff')
  expect(page).toContain(`1 to ${pathBytesMax} bytes in all, 1 to ${componentBytesMax} in a component`)
})
