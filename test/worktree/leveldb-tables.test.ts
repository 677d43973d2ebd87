// Tables as LevelDB writes them: sound as they are, and not with any one byte changed or any number of them missing.
import fs from 'node:fs'
import path from 'node:path'
import { Level } from 'level'
import { expect, test } from 'vitest'
import { dropDamagedTables, isSoundTable } from '../../src/worktree/stat-cache/leveldb-tables.ts'
import { temporaryFolder } from './folder.ts'

test('a table of LevelDB with any one byte changed, or cut short anywhere, is found', async () => {
  const folder = path.join(temporaryFolder(), 'level')
  const database = new Level(folder, { compression: false })
  // Several blocks, and an index of as many entries.
  for (let i = 0; i < 40; i++) await database.put(`key ${i}`, `${i} `.repeat(80))
  // What the package has here, but not in browsers.
  await (database as unknown as { compactRange(from: string, to: string): Promise<void> }).compactRange(
    '',
    '~',
  )
  await database.close()
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.ldb'))
  expect(names).toHaveLength(1)
  const bytes = fs.readFileSync(path.join(folder, names[0]!))
  expect(isSoundTable(bytes)).toBe(true)
  const wrong: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const cut = bytes.subarray(0, at)
    bytes[at]! ^= 1 << (at % 8)
    // The footer's padding alone means nothing.
    if (isSoundTable(bytes) && (at < bytes.length - 48 || at >= bytes.length - 8)) wrong.push(at)
    bytes[at]! ^= 1 << (at % 8)
    if (isSoundTable(cut)) wrong.push(-at)
  }
  expect(wrong).toEqual([])
  const tables = (): string[] => fs.readdirSync(folder).filter((name) => name.endsWith('.ldb'))
  const other = path.join(folder, 'other.ldb')
  fs.writeFileSync(other, 'junk')
  // It may be one that another process is writing.
  dropDamagedTables(folder)
  expect(tables()).toEqual([...names, 'other.ldb'])
  for (const name of tables()) fs.utimesSync(path.join(folder, name), 1e9, 1e9)
  dropDamagedTables(folder)
  expect(tables()).toEqual(names)
})
