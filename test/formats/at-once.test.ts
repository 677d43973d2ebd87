// Files that are read at the same time, as servers and programs do, are each their own: none has rows of another.
import { expect, test } from 'vitest'
import { utf8Text } from '../../src/base/bytes.ts'
import { read, rendered } from './round-trip.ts'

const texts = {
  csv: (n: number) => `id,text\n${n},of ${n}\n${n + 100},more of ${n}\n`,
  jsonl: (n: number) => `{"id":${n},"text":"of ${n}"}\n{"id":${n + 100},"text":"more of ${n}"}\n`,
}

test.each(['csv', 'jsonl'] as const)('twenty files of %s are read at once', async (format) => {
  const wanted = Array.from({ length: 20 }, (_, i) => texts[format](i + 1))
  const tables = await Promise.all(wanted.map((text) => read(text, { format, key: ['id'] })))
  const kept = await Promise.all(tables.map(({ nodes, table }) => rendered(nodes, table)))
  expect(kept.map(utf8Text)).toEqual(wanted)
})
