// A real temporary folder with a repository over it, in memory or on any store that is given.
import * as fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { readCommit, writeCommit } from '../../src/history/commit.ts'
import type { Commit } from '../../src/history/interface.ts'
import { createContext, withWriter } from '../../src/repo/context.ts'
import { readHead } from '../../src/repo/head.ts'
import { indexBaseRef, indexRef } from '../../src/repo/interface.ts'
import { move } from '../../src/repo/move.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { worktreeFolder } from '../../src/worktree/folder.ts'
import type { Worktree } from '../../src/worktree/interface.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

export function temporaryFolder(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'varve-worktree-')))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Files as { path: text }; a text that begins with '-> ' makes a symlink. */
export function worktreeWith(files: Record<string, string | Uint8Array> = {}): Worktree {
  const root = temporaryFolder()
  const dotDir = path.join(root, '.varve')
  fs.mkdirSync(dotDir)
  const repo = createContext(MemoryStore.create(), { author })
  const worktree = { repo, root, dotDir }
  write(worktree, files)
  return worktree
}

/** Another process's view of the same repository. */
export function secondView(worktree: Worktree): Worktree {
  return { ...worktree, repo: createContext(worktree.repo.store, { author }) }
}

export function write(worktree: Worktree, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    const place = path.join(worktree.root, name)
    fs.mkdirSync(path.dirname(place), { recursive: true })
    if (typeof content === 'string' && content.startsWith('-> ')) fs.symlinkSync(content.slice(3), place)
    else fs.writeFileSync(place, content)
  }
}

export function read(worktree: Worktree, name: string): string {
  return fs.readFileSync(path.join(worktree.root, name), 'utf8')
}

/** All files as { path: text }, symlinks as '-> target'; without .varve. */
export function everything(worktree: Worktree): Record<string, string> {
  const files: Record<string, string> = {}
  const visit = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(worktree.root, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (name === '.varve') continue
      if (entry.isDirectory()) visit(name)
      else if (entry.isSymbolicLink()) files[name] = `-> ${fs.readlinkSync(path.join(worktree.root, name))}`
      else files[name] = read(worktree, name)
    }
  }
  visit('')
  return files
}

export function remove(worktree: Worktree, name: string): void {
  fs.rmSync(path.join(worktree.root, name), { recursive: true })
}

export async function commit(worktree: Worktree): Promise<Commit> {
  const { store } = worktree.repo
  return withWriter(worktree.repo, async (writer) => {
    const manifest = await store.manifest()
    const head = await readHead(store, manifest)
    const tree = manifest.refs.get(indexRef)!
    const signature = { ...author, timeMs: 0, zoneMinutes: 0 }
    const made = writeCommit(writer, {
      tree,
      parents: head.commit === null ? [] : [head.commit.cid],
      author: signature,
      committer: signature,
      message: 'test',
      generation: (head.commit?.generation ?? 0) + 1,
      extra: {},
    })
    const refs = new Map([
      [head.ref, made],
      [indexBaseRef, tree],
    ])
    await store.update(() => ({ refs, operation: { name: 'commit', message: '', author: '' } }), { writer })
    return readCommit(store, made)
  })
}

/** Goes to a commit as `switch` and `reset` do. */
export async function goTo(
  worktree: Worktree,
  target: Commit,
  options: { discard?: boolean } = {},
): Promise<void> {
  await move(
    worktree.repo,
    worktreeFolder(worktree),
    async (manifest) => ({
      refs: new Map([[manifest.head ?? 'HEAD', target.cid]]),
      operation: { name: 'switch', message: '' },
      show: target.tree,
    }),
    options,
  )
}
