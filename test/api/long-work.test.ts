// Work over many files lets the event loop run in between, so that Ctrl-C is heard: a signal that is aborted by a timer
// ends it long before its end.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Repository, isVarveError } from '../../src/index.ts'
import { walkWorktree } from '../../src/worktree/walk.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const folderCount = 1000
const filesInEach = 3

let dir: string
let hub: string
let repo: Repository

beforeAll(async () => {
  dir = temporaryDir()
  hub = path.join(dir, 'hub')
  repo = await Repository.init(path.join(dir, 'many'), { author })
  writeFiles('first')
  await repo.add(['.'])
  await repo.commit({ message: 'first' })
  await repo.createBranch('first')
  writeFiles('second')
  await repo.commit({ message: 'second', all: true })
  await repo.addRemote('origin', hub)
  await repo.push('origin', ['main'])
}, 120_000)

afterAll(() => repo.close())

function writeFiles(content: string): void {
  for (let i = 0; i < folderCount; i++) {
    const folder = path.join(dir, 'many', `d${i}`)
    fs.mkdirSync(folder, { recursive: true })
    for (let j = 0; j < filesInEach; j++)
      fs.writeFileSync(path.join(folder, `f${j}.txt`), `${content} ${i} ${j}\n`)
  }
}

/** The code of the error that ends it. */
async function endOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    return isVarveError(error) ? error.code : String(error)
  }
}

/** A signal, and what has it aborted when the event loop turns next. */
function stopper(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, stop: () => void setImmediate(() => controller.abort()) }
}

/** Options that stop the work once it tells of this phase. */
function stoppedIn(phase: string): {
  signal: AbortSignal
  onProgress: (progress: { phase: string }) => void
} {
  const { signal, stop } = stopper()
  return { signal, onProgress: (progress) => void (progress.phase === phase && stop()) }
}

test('writing files', async () => {
  const copy = path.join(dir, 'copy')
  const cloning = Repository.clone(hub, copy, { author, ...stoppedIn('writing files') })
  expect(await endOf(cloning)).toBe('VARVE_ABORTED')
  expect(fs.readdirSync(copy).length).toBeLessThan(folderCount)
})

test('walking through folders', async () => {
  const { signal, stop } = stopper()
  let seen = 0
  const folder = (): void => void (seen++ === 0 && stop())
  const visitor = { file: () => {}, repository: () => {}, folder }
  expect(await endOf(walkWorktree(path.join(dir, 'many'), [''], visitor, signal))).toBe('VARVE_ABORTED')
  expect(seen).toBeLessThan(folderCount)
})

test('comparing and adding files', async () => {
  writeFiles('fourth')
  expect(await endOf(repo.status(stoppedIn('comparing files')))).toBe('VARVE_ABORTED')
  expect(await endOf(repo.add(['.'], stoppedIn('adding files')))).toBe('VARVE_ABORTED')
  writeFiles('second')
})

test('comparing commits', async () => {
  const { signal, stop } = stopper()
  let seen = 0
  const compare = async (): Promise<void> => {
    for await (const _ of repo.diff({ from: 'first', to: 'main', signal })) if (seen++ === 0) stop()
  }
  expect(await endOf(compare())).toBe('VARVE_ABORTED')
  expect(seen).toBeLessThan(folderCount * filesInEach)
})
