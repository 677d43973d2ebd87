// A large file that `track` has read is not read once more by `add`, but where anything has changed in between.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { renderTable } from '../../src/formats/render.ts'
import { withWriter } from '../../src/repo/context.ts'
import { loadTable } from '../../src/table/table-object.ts'
import { stage } from '../../src/worktree/add.ts'
import { readIndex, updateIndex } from '../../src/worktree/index-state.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { track } from '../../src/worktree/tables/track.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { codeOf } from '../support/fault.ts'
import { worktreeWith, write } from './folder.ts'

const file = 'people.csv'

function csv(name = 'name'): string {
  const lines = ['id,code,name']
  for (let i = 1; i <= 60_000; i++) lines.push(`${i},c${60_000 - i},${name} ${i}`)
  return `${lines.join('\n')}\n`
}

/** A tracked file that is not added yet, written long enough ago for its stat to prove it. */
async function tracked(): Promise<Worktree> {
  const worktree = worktreeWith({ [file]: csv() })
  await settled()
  await track(worktree, file, { key: ['id'] })
  return worktree
}

/** The step of the clock in which a change would leave no trace. */
function settled(): Promise<void> {
  return new Promise((done) => setTimeout(done, 60))
}

/** Whether staging reads the file. */
async function reads(worktree: Worktree): Promise<boolean> {
  const phases: string[] = []
  await stage(worktree, ['.'], { onProgress: ({ phase }) => void phases.push(phase) })
  return phases.includes(`reading ${file}`)
}

async function staged(worktree: Worktree): Promise<{ key: string[]; table: unknown; text: string }> {
  const { index } = await readIndex(worktree)
  const entry = await index.get(file)
  if (entry?.kind !== 'table') throw new TypeError('no table is staged')
  const table = await loadTable(worktree.repo.nodes.reader, entry.table)
  const names = table.schema.key.map((id) => table.schema.columns.find((column) => column.id === id)!.name)
  const parts = await collect(renderTable(worktree.repo.nodes, table))
  return { key: names, table: entry.table, text: Buffer.concat(parts).toString() }
}

test('what track has read is staged without reading it again, and is what reading it gives', async () => {
  const worktree = await tracked()
  expect(await reads(worktree)).toBe(false)
  const other = worktreeWith({ [file]: csv() })
  await settled()
  await track(other, file, { key: ['id'] })
  fs.rmSync(path.join(other.dotDir, 'cache'), { recursive: true })
  expect(await reads(other)).toBe(true)
  expect(await staged(worktree)).toEqual(await staged(other))
  const { unstaged } = await worktreeStatus(worktree)
  expect(unstaged).toEqual([])
})

test('a file that was changed, or only touched, is read', async () => {
  const worktree = await tracked()
  write(worktree, { [file]: csv('other') })
  expect(await reads(worktree)).toBe(true)
  const touched = await tracked()
  fs.utimesSync(path.join(touched.root, file), 1, 1)
  expect(await reads(touched)).toBe(true)
  expect((await staged(worktree)).table).not.toEqual((await staged(touched)).table)
})

test('another key in varve.yaml counts', async () => {
  const worktree = await tracked()
  const config = fs.readFileSync(path.join(worktree.root, 'varve.yaml'), 'utf8')
  write(worktree, { 'varve.yaml': config.replace(/key: .*/, 'key: code') })
  expect(await reads(worktree)).toBe(true)
  expect((await staged(worktree)).key).toEqual(['code'])
})

test('after a garbage collection it is read again, and all of it is there', async () => {
  const worktree = await tracked()
  await worktree.repo.store.gc({ graceMs: 0 })
  expect(await reads(worktree)).toBe(true)
  expect((await staged(worktree)).text).toBe(csv())
})

test('a garbage collection while it is staged refuses the index, which stays as it was', async () => {
  const worktree = await tracked()
  const { gcEpoch } = await worktree.repo.store.manifest()
  await worktree.repo.store.gc({ graceMs: 0 })
  const entry = { kind: 'symlink', target: Buffer.from('x') } as const
  const publish = withWriter(worktree.repo, (writer, nodes) =>
    updateIndex(worktree, { writer, nodes, edits: new Map([['a', entry]]), operation: 'add', gcEpoch }),
  )
  expect(await codeOf(publish)).toBe('VARVE_NOT_POSSIBLE')
  expect((await readIndex(worktree)).index.count).toBe(0)
})

test('a small file costs nothing until it is added', async () => {
  const worktree = worktreeWith({ 'small.csv': 'id,name\n1,Ada\n' })
  await track(worktree, 'small.csv', { key: ['id'] })
  expect((await worktree.repo.store.manifest()).sequence).toBe(1)
})
