// Temporary files: whose process is gone, they go; a writer that lives keeps its own, whoever collects meanwhile.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { isAbandoned, ownerName } from '../../src/store/disk/owner.ts'
import { temporaryPath } from '../../src/worktree/replace-file.ts'
import { temporaryDir } from '../support/temporary.ts'

const child = fileURLToPath(new URL('children/writer.mjs', import.meta.url))
const author = { name: 'Ada', email: 'ada@example.org' }

/** A process that has objects in a temporary pack, and a file that a checkout would be writing. */
async function writer(dir: string): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, [child, dir], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(process_.stdout!, 'data')
  return process_
}

function temporaries(dir: string): string[] {
  return [
    ...readdirSync(`${dir}/.varve/tmp`),
    ...(readdirSync(dir, { recursive: true }) as string[]).filter((name) => name.includes('.varve-tmp-')),
  ].sort()
}

test('temporary files of a killed process go at once, and a writer that lives keeps its own', async () => {
  const dir = `${temporaryDir()}/repo`
  await using repo = await Repository.init(dir, { author })
  await repo.setConfig('gc.auto', '2')
  const killed = await writer(dir)
  const left = temporaries(dir)
  expect(left.length).toBeGreaterThan(1)
  const living = await writer(dir)
  const both = temporaries(dir)
  expect(both.length).toBe(2 * left.length)
  await repo.gc({ graceMs: 0 })
  expect(temporaries(dir)).toEqual(both)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  await repo.gc({ dryRun: true })
  expect(temporaries(dir)).toEqual(both)
  expect((await repo.gc()).filesRemoved).toBe(left.length)
  expect(temporaries(dir)).toEqual(both.filter((name) => !left.includes(name)))
  // Upkeep as well, and the writer that lives publishes what it has.
  const again = await writer(dir)
  again.kill('SIGKILL')
  await once(again, 'exit')
  for (let i = 0; i < 3; i++) {
    const other = await Repository.open(dir, { author })
    writeFileSync(`${dir}/a.txt`, `text ${i}`)
    await other.add(['.'])
    await other.commit({ message: `commit ${i}` })
    await other.close()
  }
  expect(temporaries(dir)).toEqual(both.filter((name) => !left.includes(name)))
  living.stdin!.end('publish\n')
  expect(await once(living, 'exit')).toEqual([0, null])
  expect((await repo.fsck()).problems).toEqual([])
})

test('a file of another machine, or of nobody, is given a day; a user’s own file stays', async () => {
  const dir = `${temporaryDir()}/repo`
  await using repo = await Repository.init(dir, { author })
  const hex = '0123456789abcdef'
  const names = [`.varve-tmp-1-00000000-${hex}-0`, `.varve-tmp-${hex}-0`, '.varve-tmp-notes.txt']
  for (const name of names) writeFileSync(`${dir}/${name}`, 'x')
  await repo.gc({ graceMs: 0 })
  expect(names.filter((name) => existsSync(`${dir}/${name}`))).toEqual(names)
  for (const name of names) utimesSync(`${dir}/${name}`, 1, 1)
  await repo.gc()
  expect(names.filter((name) => existsSync(`${dir}/${name}`))).toEqual(['.varve-tmp-notes.txt'])
})

test('names say who writes', () => {
  expect(temporaryPath('a/b.txt')).toMatch(new RegExp(`^a/[.]varve-tmp-${ownerName()}-[0-9a-f]{16}-\\d+$`))
  expect(isAbandoned(`${ownerName()}-0123`, 0)).toBe(false)
  expect(isAbandoned(ownerName().replace(/^\d+/, '4194303') + '-0123', 0)).toBe(true)
})
