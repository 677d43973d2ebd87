// docs/format/tree.md is the contract with other programs: its vectors are read from the page and checked.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { xxh32 } from '../../src/encoding/xxh32.ts'
import { ListBuilder } from '../../src/prolly/list-builder.ts'
import {
  chunkListKind,
  entryBytesMax,
  keyBytesMax,
  leafTargetDefault,
  levelMax,
  listKind,
} from '../../src/prolly/rule.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { buildMap, newWriter, pair } from './support.ts'

const page = readFileSync(new URL('../../docs/format/tree.md', import.meta.url), 'utf8')

/** Rows of the table whose header begins with these cells. */
function tableOf(...header: string[]): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${header.join(' | ')} |`))
  const rows: string[][] = []
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break
    rows.push(line.slice(2, -2).split(' | '))
  }
  return rows
}

function code(cell: string): string {
  return cell.slice(1, -1)
}

const trees: Record<string, (writer: ObjectWriter) => Cid> = {
  'empty map': (writer) => buildMap([], writer, leafTargetDefault).cid,
  'map a=1, b=2, c=3': (writer) =>
    buildMap([pair('a', '1'), pair('b', '2'), pair('c', '3')], writer, leafTargetDefault).cid,
  'map of 10000: `k00000000`=`value 0` to `k00009999`=`value 9999`': (writer) => tenThousand(writer).cid,
  'list of 10000: `item 0` to `item 9999`': (writer) => {
    const builder = new ListBuilder(writer, listKind)
    for (let i = 0; i < 10_000; i++) builder.add(utf8(`item ${i}`))
    return builder.finish()
  },
  'list of chunks `hello`, ` world`': (writer) => {
    const builder = new ListBuilder(writer, chunkListKind)
    for (const text of ['hello', ' world'])
      builder.add(new Uint8Array([text.length]), [cidOf('raw', utf8(text))])
    return builder.finish()
  },
}

function tenThousand(writer: ObjectWriter): ReturnType<typeof buildMap> {
  const pairs = Array.from({ length: 10_000 }, (_, i) => pair(`k${String(i).padStart(8, '0')}`, `value ${i}`))
  return buildMap(pairs, writer, leafTargetDefault)
}

test('the printed hashes are those of the code', () => {
  const rows = tableOf('bytes (UTF-8)', 'seed', 'hash')
  expect(rows).toHaveLength(7)
  for (const [text, seed, hash] of rows) {
    const bytes = utf8(code(text!))
    expect(xxh32(bytes, 0, bytes.length, Number(seed))).toBe(Number.parseInt(code(hash!), 16))
  }
})

test('the printed nodes are those that are written', async () => {
  const rows = tableOf('tree', 'bytes')
  expect(rows).toHaveLength(3)
  for (const [name, bytes] of rows) {
    const writer = newWriter()
    const [node] = await writer.get([trees[name!]!(writer)])
    expect(toHex(node!)).toBe(code(bytes!))
  }
})

test('the printed roots are those of the trees', () => {
  const rows = tableOf('tree', 'root')
  expect(rows.map(([name]) => name)).toEqual(Object.keys(trees))
  for (const [name, root] of rows) expect(trees[name!]!(newWriter())).toBe(code(root!))
})

test('the printed limits and counts are those of the code', () => {
  const map = tenThousand(newWriter())
  expect(page).toContain(`a root of ${map.root.node.count} leaves, and ${map.bytes} bytes`)
  expect([levelMax, leafTargetDefault, keyBytesMax(leafTargetDefault), entryBytesMax]).toEqual([
    23,
    8192,
    1024,
    1 << 20,
  ])
})
