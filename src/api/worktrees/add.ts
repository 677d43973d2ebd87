// Makes a linked checkout. The folder names its store before the manifest knows the folder, and the manifest gets HEAD,
// index and entry in one step, with the note of any checkout beside it: a kill leaves either a folder that nobody
// knows, which the same command takes over, or a checkout whose files the next command brings.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { branchPrefix, branchRef, remotePrefix } from '../../history/refs.ts'
import { createContext } from '../../repo/context.ts'
import { emptyTreeOf } from '../../repo/empty.ts'
import { move } from '../../repo/move.ts'
import { isCheckoutName, linkedCheckouts, settingOf, viewOf } from '../../repo/worktrees/checkouts.ts'
import type { Manifest } from '../../store/interface.ts'
import { makeDir } from '../../store/disk/files.ts'
import { worktreeFolder } from '../../worktree/folder.ts'
import { openCheckout, refuseInStore } from '../place.ts'
import { type Goal, goalOf } from '../switch.ts'
import type { WorktreeAddOptions } from './interface.ts'
import { type CheckoutLink, linkFolder, tryReadLink, writeLink } from './link-file.ts'
import type { WorktreesPlace } from './worktrees.ts'

/** Returns the new checkout's name. */
export async function addCheckout(
  asking: WorktreesPlace,
  folder: string,
  options: WorktreeAddOptions,
): Promise<string> {
  const { store } = asking.repo
  const existed = fs.existsSync(folder)
  const manifest = await store.manifest()
  const name = freeName(manifest, path.basename(folder))
  const link = { store: fs.realpathSync(store.location), name }
  refuseInUse(folder, link, manifest)
  // Whatever is wrong with the revision is said before there is a folder.
  await goalFor(asking, manifest, folder, options)
  fs.rmSync(linkFolder(folder), { recursive: true, force: true })
  makeDir(folder)
  const root = fs.realpathSync(folder)
  await writeLink(linkFolder(root), link)
  try {
    await checkOut(asking, { link, root }, options)
  } catch (error) {
    const { config } = await store.manifest()
    if (config.get(settingOf(name, 'path')) !== root) undoFolder(root, existed)
    throw error
  }
  return name
}

async function checkOut(
  asking: WorktreesPlace,
  { link, root }: { readonly link: CheckoutLink; readonly root: string },
  options: WorktreeAddOptions,
): Promise<void> {
  const place = await openCheckout(link, root, asking.options)
  try {
    const repo = createContext(place.store, asking.options)
    const { dotDir, filter, modes } = place
    const entry = settingOf(link.name, 'path')
    await move(
      repo,
      worktreeFolder({ repo, root, dotDir, filter, modes }),
      async (current, io) => {
        const isTaken = linkedCheckouts(current).some((one) => one.path === root)
        if (isTaken || current.config.has(entry)) throw takenName(link.name)
        const goal = await goalFor(asking, viewOf(current, asking.checkout), root, options)
        const tree = goal.commit === null ? emptyTreeOf(io) : (await readCommit(io.writer, goal.commit)).tree
        return {
          ...goal.move,
          config: new Map([...(goal.move.config ?? []), [entry, root]]),
          operation: { name: 'worktree', message: `add ${link.name}` },
          show: tree,
        }
      },
      { signal: options.signal, onProgress: options.onProgress },
    )
  } finally {
    await place.store.close()
  }
}

/** As Git has it: a branch is checked out, any other revision detached; without one, a branch called as the folder. */
async function goalFor(
  { repo }: WorktreesPlace,
  manifest: Manifest,
  folder: string,
  { revision, create, force, detach }: WorktreeAddOptions,
): Promise<Goal> {
  if (create !== undefined)
    return goalOf(repo, manifest, create, { create: true, force, startPoint: revision })
  if (detach === true) return goalOf(repo, manifest, revision ?? 'HEAD', { detach })
  if (revision === undefined) {
    const called = path.basename(folder)
    const isThere = manifest.refs.has(branchRef(called))
    return goalOf(repo, manifest, called, isThere ? {} : { create: true })
  }
  const isBranch = [...manifest.refs.keys()].some(
    (ref) =>
      ref === `${branchPrefix}${revision}` || (ref.startsWith(remotePrefix) && ref.endsWith(`/${revision}`)),
  )
  if (isBranch) return goalOf(repo, manifest, revision, {})
  const { ref } = await resolveRevision(repo.store, revision, manifest)
  const isNamed = ref?.startsWith(branchPrefix) === true && revision.startsWith('@{-')
  return isNamed
    ? goalOf(repo, manifest, ref.slice(branchPrefix.length), {})
    : goalOf(repo, manifest, revision, { detach: true })
}

function freeName(manifest: Manifest, folder: string): string {
  const plain = folder
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 90)
  const name = isCheckoutName(plain) ? plain : 'checkout'
  const taken = new Set(linkedCheckouts(manifest).map((one) => one.name))
  for (let i = 0; ; i++) {
    const free = i === 0 ? name : `${name}${i}`
    if (!taken.has(free)) return free
  }
}

/** What an add that was killed has left is free. */
function refuseInUse(folder: string, { store }: CheckoutLink, manifest: Manifest): void {
  refuseInStore(path.join(folder, 'file'))
  const stat = fs.statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) return
  const known = linkedCheckouts(manifest).find((one) => one.path === fs.realpathSync(folder))
  const names = stat.isDirectory() ? fs.readdirSync(folder) : ['']
  const isLeft =
    names.length > 0 && names.every((name) => name === '.varve') && isLeftover(linkFolder(folder), store)
  if (known === undefined && (names.length === 0 || isLeft)) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${folder}' exists already`, {
    data: { path: folder },
    hint: 'name a folder that is empty or does not exist',
  })
}

function isLeftover(dotDir: string, store: string): boolean {
  const link = tryReadLink(dotDir)
  const isOurs = link === null || link.store === store
  return isOurs && fs.readdirSync(dotDir).every((name) => /^(checkout(\.\d+)?|checkouts|cache)$/.test(name))
}

function undoFolder(root: string, existed: boolean): void {
  fs.rmSync(linkFolder(root), { recursive: true, force: true })
  if (!existed && fs.readdirSync(root).length === 0) fs.rmdirSync(root)
}

function takenName(name: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another process has made the checkout '${name}'`, {
    hint: 'run the command again',
  })
}
