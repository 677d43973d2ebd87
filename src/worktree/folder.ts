// The worktree as history's operations see it (`Folder`): they check the files, publish the manifest, and then let the
// files follow. What is under way is noted on disk in between, so that a crash is rolled forward by the next command.
import { Buffer } from 'node:buffer'
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Folder, FolderOptions, Io, PrepareOptions, Route, SnapshotChoice } from '../repo/interface.ts'
import { abandonNote, removeNote } from './checkout/note.ts'
import type { Prepared } from './checkout/prepare.ts'
import { removeTemporaries } from './checkout/temporaries.ts'
import type { Worktree } from './interface.ts'
import { lstatOrNull } from './native.ts'
import { readSmall } from './read-file.ts'

export function worktreeFolder(worktree: Worktree): Folder {
  return new WorktreeFolder(worktree)
}

/** What checks files and writes them is loaded on use: most commands only look. */
class WorktreeFolder implements Folder {
  readonly #worktree: Worktree
  #prepared: Prepared | null = null

  constructor(worktree: Worktree) {
    this.#worktree = worktree
  }

  async prepare(io: Io, route: Route, options: PrepareOptions): Promise<void> {
    const { prepareCheckout } = await import('./checkout/prepare.ts')
    this.#prepared = await prepareCheckout(this.#worktree, io, route, options)
  }

  async apply(route: Route, options: FolderOptions): Promise<void> {
    const verified = this.#prepared?.route === route ? this.#prepared.steps : null
    try {
      const { applyCheckout } = await import('./checkout/apply.ts')
      await applyCheckout(this.#worktree, route, verified, options)
    } catch (error) {
      // The note stays: the next opening rolls forward.
      this.leave()
      if (!isVarveError(error, 'VARVE_ABORTED')) throw error
      throw new VarveError('VARVE_ABORTED', 'stopped while files were written', {
        cause: error,
        hint: "history has moved, and the next command brings the other files; 'varve undo' goes back",
      })
    }
    this.#forget()
  }

  release(): void {
    this.#forget()
  }

  leave(): void {
    if (this.#prepared !== null) abandonNote(this.#worktree, this.#prepared.note)
    this.#prepared = null
  }

  removeTemporaries(): number {
    return removeTemporaries(this.#worktree.root)
  }

  smallText(path: string): string | null {
    const { root } = this.#worktree
    if (lstatOrNull(root, path)?.isFile() !== true) return null
    const read = readSmall(root, path)
    return read === null ? null : Buffer.from(read.bytes).toString('utf8')
  }

  async snapshot(io: Io, index: Cid, options: FolderOptions & SnapshotChoice): Promise<Cid> {
    const { snapshotTree } = await import('./snapshot.ts')
    return snapshotTree(this.#worktree, io, index, options)
  }

  #forget(): void {
    if (this.#prepared !== null) removeNote(this.#worktree, this.#prepared.note)
    this.#prepared = null
  }
}
