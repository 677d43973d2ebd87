// Files that commands write for the user: what stood there stays until the new one is whole and on the disk.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFile } from '../../src/cli/write-file.ts'
import { temporaryDir } from '../support/temporary.ts'

async function* text(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

test('a file that is written for the user is on the disk before it takes the place of another', async () => {
  const file = path.join(temporaryDir(), 'x.car')
  fs.writeFileSync(file, 'old')
  const { open, rename } = promises
  const steps: string[] = []
  const nameOf = (target: unknown): string =>
    path.basename(String(target)).startsWith('x.car') ? 'file' : 'folder'
  Object.assign(promises, {
    open: async (...given: Parameters<typeof open>) => {
      const handle = await open(...given)
      const sync = handle.sync.bind(handle)
      handle.sync = async () => {
        expect(fs.readFileSync(file, 'utf8')).toBe(steps.includes('rename') ? 'old and new' : 'old')
        steps.push(`flush ${nameOf(given[0])}`)
        await sync()
      }
      return handle
    },
    rename: async (...given: Parameters<typeof rename>) => {
      steps.push('rename')
      await rename(...given)
    },
  })
  syncBuiltinESMExports()
  try {
    expect(await writeFile(file, text('old', ' and new'))).toBe(11)
  } finally {
    Object.assign(promises, { open, rename })
    syncBuiltinESMExports()
  }
  expect(steps).toEqual(['flush file', 'rename', 'flush folder'])
  expect(fs.readdirSync(path.dirname(file))).toEqual(['x.car'])
})

test('one whose source fails leaves the old one, and nothing beside it', async () => {
  const file = path.join(temporaryDir(), 'x.csv')
  fs.writeFileSync(file, 'old')
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half')
    throw new Error('the source ends here')
  }
  await expect(writeFile(file, failing())).rejects.toThrow('the source ends here')
  expect(fs.readFileSync(file, 'utf8')).toBe('old')
  expect(fs.readdirSync(path.dirname(file))).toEqual(['x.csv'])
})
