// Whatever writes keeps the repository tidy by itself, and a remote folder that is pushed to as well.
import { readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { codeOf } from '../support/fault.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

function packsIn(dir: string): number {
  return (readdirSync(`${dir}/packs`, { recursive: true }) as string[]).filter((name) =>
    name.endsWith('.pack'),
  ).length
}

test('commits and pushes, one after the other, leave few packs here and there; it is told once a round', async () => {
  const dir = `${temporaryDir()}/repo`
  const remote = `${temporaryDir()}/remote`
  await Repository.init(remote, { bare: true }).then(async (repo) => {
    await repo.setConfig('gc.auto', '6')
    await repo.close()
  })
  const first = await Repository.init(dir, { author })
  await first.addRemote('origin', remote)
  await first.setConfig('gc.auto', '6')
  expect(await codeOf(first.setConfig('gc.auto', 'often'))).toBe('VARVE_USAGE')
  await first.close()
  const told: string[] = []
  for (let i = 0; i < 16; i++) {
    const repo = await Repository.open(dir, { author, onUpkeep: (message) => told.push(message) })
    writeFileSync(`${dir}/a.txt`, `text ${i}`)
    await repo.add(['.'])
    await repo.commit({ message: `commit ${i}` })
    await repo.push('origin', ['main'])
    await repo.close()
  }
  expect(told.length).toBeGreaterThan(2)
  expect(told.length).toBeLessThan(16)
  expect([packsIn(`${dir}/.varve`), packsIn(remote)].every((count) => count < 25)).toBe(true)
  await using repo = await Repository.open(dir)
  let commits = 0
  for await (const _ of repo.log()) commits++
  expect(commits).toBe(16)
  expect((await repo.fsck()).problems).toEqual([])
  await using there = await Repository.open(remote)
  expect((await there.fsck()).problems).toEqual([])
})
