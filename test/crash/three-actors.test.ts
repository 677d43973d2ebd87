// Three who work in one folder at once: edits, commands and collections in any order. What was once in a file is in a file
// still, or in something that a kept operation holds, and everything is whole.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { pause } from '../../src/base/pause.ts'
import type { Cid, CommitCid } from '../../src/encoding/cid.ts'
import { readFile } from '../../src/files/read.ts'
import { Tree } from '../../src/files/tree.ts'
import { renderTable } from '../../src/formats/render.ts'
import { readCommit } from '../../src/history/commit.ts'
import { Repository } from '../../src/index.ts'
import { createContext } from '../../src/repo/context.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { loadTable } from '../../src/table/table-object.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const files = ['t0.csv', 't1.csv', 'n0.txt', 'n1.txt', 'd/x.txt']
const expected = new Set([
  'VARVE_UNCOMMITTED',
  'VARVE_NOTHING_TO_COMMIT',
  'VARVE_NOT_POSSIBLE',
  'VARVE_REF_NOT_FOUND',
  'VARVE_PATH_NOT_FOUND',
  'VARVE_MERGE_CONFLICT',
])

function randomOf(seed: number): (below: number) => number {
  let state = seed * 7919 + 1
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % below
  }
}

/** Of a repository, a call by chance. */
function calls(repo: Repository, random: (below: number) => number): (() => Promise<unknown>)[] {
  const branch = random(2) === 0 ? 'main' : 'side'
  const index = random(2) === 0
  return [
    () => repo.add([index ? '.' : files[random(files.length)]!]),
    () => repo.commit({ message: 'some', all: index }),
    () => repo.switch(branch),
    () => repo.stashes.push({ untracked: index, keepIndex: random(3) === 0 }),
    () => repo.stashes.push({ paths: [files[random(files.length)]!] }),
    () => repo.stashes.apply(undefined, { drop: true, index }),
    () => repo.stashes.apply(undefined, { index }),
    () => repo.stashes.branch(`aside-${random(9)}`),
    () => repo.undo(),
    () => repo.merge(branch),
    () => repo.resolve(null, { take: index ? 'ours' : 'theirs' }).then(() => repo.mergeContinue()),
    () => repo.gc({ graceMs: 0 }),
    () => repo.reset('HEAD', { mode: 'mixed' }),
    () => repo.restore(['.'], { staged: true, worktree: false }),
    () => repo.cherryPick(branch),
    () => repo.rebase(branch),
  ]
}

/** The last cells of all lines of the files, and of whatever a kept operation names. */
async function everyMark(dir: string): Promise<Set<string>> {
  const store = await DiskStore.open(path.join(dir, '.varve'))
  const { nodes } = createContext(store, { author })
  const marks = new Set<string>()
  const take = (text: string): void => text.split('\n').forEach((line) => marks.add(line.split(',').at(-1)!))
  const places = files.map((file) => path.join(dir, file))
  for (const place of places) if (fs.existsSync(place)) take(fs.readFileSync(place, 'utf8'))
  const manifests = [await store.manifest()]
  for await (const manifest of store.manifests()) manifests.push(manifest)
  const trees = new Set<Cid>()
  for (const [ref, cid] of manifests.flatMap(({ refs }) => [...refs])) {
    if (ref === 'INDEX') trees.add(cid)
    if (ref.startsWith('refs/')) trees.add((await readCommit(store, cid as CommitCid)).tree)
  }
  const seen = new Set<Cid>()
  for (const cid of trees) {
    for (const entry of await (await Tree.load(nodes, cid)).getMany(files)) {
      if (entry === null || entry.kind === 'symlink') continue
      const content = entry.kind === 'table' ? entry.table : entry.content
      if (seen.has(content)) continue
      seen.add(content)
      const parts: Uint8Array[] = []
      const source =
        entry.kind === 'file'
          ? readFile(nodes, entry)
          : renderTable(nodes, await loadTable(nodes.reader, entry.table))
      for await (const part of source) parts.push(new Uint8Array(part))
      take(Buffer.concat(parts).toString())
    }
  }
  await store.close()
  return marks
}

async function begin(dir: string): Promise<void> {
  await using repo = await Repository.init(dir, { author })
  fs.mkdirSync(path.join(dir, 'd'))
  for (const file of files)
    fs.writeFileSync(path.join(dir, file), file.endsWith('csv') ? 'id,v\n0,start\n' : 'start\n')
  for (const file of files) if (file.endsWith('csv')) await repo.track(file, { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'First' })
  await repo.createBranch('side')
}

test.each([1, 21, 217, 281])('nothing that was saved is lost, and all is whole (seed %i)', async (seed) => {
  const dir = temporaryDir()
  await begin(dir)
  const random = randomOf(seed)
  let saved = 0
  const edit = (): void => {
    const file = files[random(files.length)]!
    const place = path.join(dir, file)
    if (!fs.existsSync(place)) return
    saved++
    fs.appendFileSync(place, file.endsWith('csv') ? `${saved},mark ${saved}\n` : `mark ${saved}\n`)
  }
  const act = async (): Promise<void> => {
    await using repo = await Repository.open(dir, { author })
    const made = calls(repo, random)
    await made[random(made.length)]!()
  }
  const actor = async (name: number): Promise<void> => {
    for (let turn = 0; turn < 90; turn++) {
      if (random(3) === 0) edit()
      else {
        await act().catch((error: unknown) => {
          if (isVarveError(error) && expected.has(error.code)) return
          throw new Error(`turn ${turn} of actor ${name} failed`, { cause: error })
        })
      }
      await pause(random(8), undefined)
    }
  }
  await Promise.all([actor(1), actor(2), actor(3)])
  await using repo = await Repository.open(dir, { author })
  expect((await repo.fsck()).problems).toEqual([])
  const marks = await everyMark(dir)
  const all = Array.from({ length: saved }, (_, i) => `mark ${i + 1}`)
  expect(all.filter((mark) => !marks.has(mark))).toEqual([])
  expect(saved).toBeGreaterThan(20)
})
