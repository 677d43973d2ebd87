// What removing and moving a checkout does with its folder.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { systemFailure } from '../../base/system-error.ts'
import { createContext } from '../../repo/context.ts'
import { recover } from '../../worktree/checkout/recover.ts'
import { dotName, openCheckout } from '../place.ts'
import { readStatus } from '../status.ts'
import type { WorktreeInfo } from './interface.ts'
import { linkFolder, readLink } from './link-file.ts'
import type { WorktreesPlace } from './worktrees.ts'

/** Removes all files of a checkout but '.varve': until the entry is gone, the folder says whose it is. */
export async function removeFiles(
  asking: WorktreesPlace,
  { path: root }: WorktreeInfo,
  { force }: { readonly force: boolean },
): Promise<void> {
  if (!force) await refuseChanged(asking, root)
  for (const name of fs.readdirSync(root))
    if (name !== dotName) fs.rmSync(path.join(root, name), { recursive: true, force: true })
}

async function refuseChanged(asking: WorktreesPlace, root: string): Promise<void> {
  const place = await openCheckout(readLink(linkFolder(root))!, root, asking.options)
  try {
    const repo = createContext(place.store, asking.options)
    const worktree = { repo, root, dotDir: place.dotDir, filter: place.filter, modes: place.modes }
    await recover(worktree)
    const { staged, unstaged, untracked, skipped, unmerged } = await readStatus(repo, worktree, {})
    const paths = [...staged, ...unstaged, ...unmerged, ...skipped].map((one) => one.path)
    const changed = [...new Set([...paths, ...untracked])]
    if (changed.length === 0) return
    throw new VarveError('VARVE_UNCOMMITTED', `'${root}' has changes that no commit holds`, {
      data: { path: root, paths: changed.slice(0, 100) },
      hint: 'commit or stash them there, or delete them with the folder: --force',
    })
  } finally {
    await place.store.close()
  }
}

export function renameFolder(from: string, to: string): void {
  try {
    fs.renameSync(from, to)
  } catch (cause) {
    throw systemFailure(cause, `cannot move '${from}' to '${to}'`, from) ?? cause
  }
}
