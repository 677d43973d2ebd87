// Objects that lie in a temporary file are the ones that were put, and nothing of it is left.
import { existsSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cidOf } from '../../src/encoding/cid.ts'
import { ScratchWriter } from '../../src/store/disk/scratch-writer.ts'
import { hasSmallDisk, makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { temporaryDir } from '../support/temporary.ts'

const before = process.env['TMPDIR']
let folder: string
beforeEach(() => {
  folder = temporaryDir()
  process.env['TMPDIR'] = folder
})
afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
})

const mebibyte = 1 << 20
const bytesOf = (i: number): Uint8Array => new Uint8Array(mebibyte).fill(i)

test('objects come back as they were put, from memory and from the file', async () => {
  const writer = new ScratchWriter()
  const cids = Array.from({ length: 30 }, (_, i) => writer.put('raw', bytesOf(i)))
  expect(cids).toEqual(cids.map((_, i) => cidOf('raw', bytesOf(i))))
  // Once more costs nothing and changes nothing.
  cids.forEach((_, i) => writer.put('raw', bytesOf(i)))
  const missing = cidOf('raw', bytesOf(99))
  expect(await writer.has([cids[0]!, missing, cids[29]!])).toEqual([true, false, true])
  const shuffled = [...cids.keys()].toSorted((a, b) => ((a * 7) % 30) - ((b * 7) % 30))
  const read = await writer.get(shuffled.map((i) => cids[i]!))
  for (const [at, i] of shuffled.entries()) expect(Buffer.compare(read[at]!, bytesOf(i))).toBe(0)
  const [stored] = await writer.getStored([cids[3]!])
  const other = new ScratchWriter()
  await other.putStored(stored!)
  expect(Buffer.compare((await other.get([cids[3]!]))[0]!, bytesOf(3))).toBe(0)
  await expect(writer.get([missing])).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  await writer.abort()
  await expect(writer.get([cids[0]!])).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  await other.abort()
  expect(readdirSync(folder)).toEqual([])
})

test('the bytes that it was given may be changed by whoever gave them', async () => {
  const writer = new ScratchWriter()
  const bytes = bytesOf(1)
  const cid = writer.put('raw', bytes)
  bytes.fill(2)
  expect(Buffer.compare((await writer.get([cid]))[0]!, bytesOf(1))).toBe(0)
  await writer.abort()
})

describe.skipIf(!existsSync('/proc/self/fd'))('where an open file needs no name', () => {
  test('none is left for whoever kills the process', async () => {
    const writer = new ScratchWriter()
    for (let i = 0; i < 30; i++) writer.put('raw', bytesOf(i))
    expect(readdirSync(folder)).toEqual([])
    await writer.abort()
  })
})

describe.skipIf(!hasSmallDisk)(`a full disk${withoutSmallDisk}`, () => {
  test('is said, with the folder, and what was put before is still there', async () => {
    const disk = makeSmallDisk(4)
    process.env['TMPDIR'] = disk.dir
    const writer = new ScratchWriter()
    try {
      const put = (): void => {
        for (let i = 0; i < 30; i++) writer.put('raw', bytesOf(i))
      }
      expect(put).toThrow(expect.objectContaining({ code: 'VARVE_DISK_FULL' }))
      expect(put).toThrow(disk.dir)
      const [first] = await writer.get([cidOf('raw', bytesOf(0))])
      expect(Buffer.compare(first!, bytesOf(0))).toBe(0)
    } finally {
      await writer.abort()
      disk.end()
    }
  })
})
