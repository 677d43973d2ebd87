// A merge in progress survives a kill or a power cut at any change of the file system while conflicts are resolved, in
// any of the ways: afterwards all that were chosen are resolved, with their files and what is remembered, or none.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { randomHex } from '../../src/base/platform.ts'
import { collect } from '../../src/base/iterables.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Faults, systemError } from './faults.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const head = 'id,name,boss'
const text = (...lines: string[]): string => [head, ...lines, ''].join('\n')

let faults = new Faults()
afterEach(() => faults.uninstall())

async function mergingFolder(): Promise<string> {
  const root = `${temporaryDir()}/data`
  await using repo = await Repository.init(root, { author })
  const write = (content: string): void => writeFileSync(`${root}/people.csv`, content)
  write(text('1,Ann,', '2,Bob,1'))
  writeFileSync(`${root}/varve.yaml`, 'tables: {people.csv: {key: id, references: {boss: people.csv}}}\n')
  await repo.add(['.'])
  await repo.commit({ message: 'base' })
  await repo.switch('theirs', { create: true })
  write(text('1,Anne,3', '2,Bo,1', '3,Eve,1'))
  await repo.commit({ message: 'theirs', all: true })
  await repo.switch('main')
  write(text('1,Anna,', '2,Rob,1', '3,Cy,1'))
  await repo.commit({ message: 'ours', all: true })
  expect((await repo.merge('theirs')).conflictCount).toBe(3)
  return root
}

/** The notes of checkouts name this process, which is not dead and knows its own: let them be those of one that is. */
function forgetProcess(root: string): void {
  const folder = `${root}/.varve/checkouts`
  for (const name of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    const place = `${folder}/${name.name}`
    const note = readFileSync(place, 'utf8')
    rmSync(place)
    const dead = `${folder}/${randomHex(8)}.json`
    writeFileSync(dead, note === '' ? '' : JSON.stringify({ ...JSON.parse(note), pid: 2 ** 22 + 1 }))
  }
}

const ways: Record<string, { run: (repo: Repository) => Promise<unknown>; left: number; after: string }> = {
  'resolve --theirs': {
    run: (repo) => repo.resolve(null, { take: 'theirs' }),
    left: 0,
    after: text('1,Anne,3', '2,Bo,1', '3,Eve,1'),
  },
  'resolve --from': {
    run: async (repo) => {
      const sheet = (await collect(repo.conflictSheet())).join('')
      await repo.resolveSheet(sheet.replace('Anne,', 'Anne,=Annie').replace('Bo,', 'Bo,theirs'))
    },
    left: 1,
    after: text('1,Annie,3', '2,Bo,1', '3,Cy,1'),
  },
  'resolve --rekey': {
    run: (repo) => repo.rekey('people.csv'),
    left: 2,
    after: text('1,Anna,4', '2,Rob,1', '3,Cy,1', '4,Eve,1'),
  },
}

test.each([
  ['kill', 'resolve --theirs'],
  ['kill', 'resolve --from'],
  ['kill', 'resolve --rekey'],
  ['power cut', 'resolve --from'],
])(
  '%s: %s happens whole or not at all',
  async (how, name) => {
    const { run, left, after } = ways[name]!
    const base = await mergingFolder()
    const before = readFileSync(`${base}/people.csv`, 'utf8')
    const seen = new Set<number>()
    for (let at = 1, crashed = true; crashed; at++) {
      const root = `${temporaryDir()}/data`
      mkdirSync(root)
      cpSync(base, root, { recursive: true })
      const repo = await Repository.open(root, { author })
      crashed = false
      faults = new Faults()
      faults.install(() => {
        if (faults.calls >= at) crashed = true
        // A dead process does nothing more, not even clean up.
        if (crashed) throw systemError('EIO')
        return undefined
      })
      await run(repo).catch(() => undefined)
      faults.uninstall()
      if (how === 'power cut') faults.cutPower()
      forgetProcess(root)
      const again = await Repository.open(root, { author })
      const open = await collect(again.conflicts())
      seen.add(open.length)
      expect([3, left]).toContain(open.length)
      expect(readFileSync(`${root}/people.csv`, 'utf8')).toBe(open.length === 3 ? before : after)
      const resolved = await collect(again.conflicts({ resolved: true }))
      expect(resolved.length).toBe(3 - open.length)
      expect((await again.fsck()).problems).toEqual([])
      await again.mergeAbort()
      const { reused } = await again.merge('theirs')
      expect(reused.length).toBe(name === 'resolve --rekey' ? 0 : 3 - open.length)
      await again.close()
      await repo.close()
      rmSync(root, { recursive: true })
    }
    expect(seen).toEqual(new Set([3, left]))
  },
  180_000,
)
