import path from 'node:path'
import { expect, test } from 'vitest'
import { Repositories } from '../../src/server/repositories.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { temporaryDir } from '../support/temporary.ts'

test('of many repositories those that were asked for last stay open, and all can be asked for', async () => {
  const dir = temporaryDir()
  const names = Array.from({ length: 130 }, (_, i) => `r${i}`)
  for (const name of names) await (await DiskStore.create(path.join(dir, name))).close()
  const repositories = new Repositories([dir])
  const first = await repositories.open('r0')
  for (const name of names.slice(0, 128)) await repositories.open(name)
  expect(await repositories.open('r0')).toBe(first)
  for (const name of names.slice(1)) expect((await repositories.open(name)).name).toBe(name)
  // Whoever has it still may go on with it.
  expect((await first.store.manifest()).sequence).toBe(1)
  const again = await repositories.open('r0')
  expect(again).not.toBe(first)
  expect((await again.store.manifest()).sequence).toBe(1)
  await repositories.close()
})
