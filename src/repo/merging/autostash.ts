// Merges over changes that are not committed. What is not under way afterwards is one move of the manifest: the changes lie
// over the result, in the index and in the files. Where they clash with it, or the merge stops, the same move puts them in a
// stash and makes the files as the merge has them; a merge that ends later brings them back. So a crash finds the changes in
// the files or in the stash, whenever it comes.
import type { Cid } from '../../encoding/cid.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import { indexOf, readHead } from '../head.ts'
import {
  type Folder,
  type FolderOptions,
  type Io,
  type Repo,
  indexBaseRef,
  indexRef,
  mergeRef,
} from '../interface.ts'
import { nextStash, writeStash } from '../stash/stash.ts'
import type { Merged, MergeOptions, Plan } from './merge.ts'
import { planMove } from './plan-move.ts'

/** What became of the changes: they lie over the result, wait in a stash for the merge to end, or clash and stay there. */
export interface Autostash {
  readonly outcome: 'kept' | 'waiting' | 'clashed'
  /** Where they are; null: in the files alone. */
  readonly stash: string | null
}

/** `stashed`: the stash that they will be in where the merge waits. */
type Planner = (manifest: Manifest, io: Io, stashed: string | undefined) => Promise<Plan>

/** As `planMove`, with `autostash` over changes. */
export async function planOver(
  repo: Repo,
  folder: Folder | null,
  options: MergeOptions,
  plan: Planner,
): Promise<Merged> {
  return planMove(repo, folder, options, async (manifest, io) => {
    const changes = options.autostash === true ? await changesOf(manifest, io, folder, options) : null
    if (changes === null) return plan(manifest, io, undefined)
    const { head, staged, changed } = changes
    const clean = new Map([...manifest.refs, [indexRef, head.tree], [indexBaseRef, head.tree]] as const)
    const name = nextStash(manifest)
    const { move, result } = await plan({ ...manifest, refs: clean }, io, name)
    if (move === null || move.show === null) return { move, result }
    const waits = (move.refs.get(mergeRef) ?? null) !== null
    const laid = waits ? null : await layOver(io, move.show, head.tree, { staged, changed }, options)
    if (laid !== null) {
      const files = { from: changed, to: laid.files, witness: null }
      return {
        move: { ...move, show: laid.index, over: move.show, files },
        result: { ...result, autostash: { outcome: 'kept', stash: null } },
      }
    }
    const message = `Changes before a ${options.operation ?? 'merge'}`
    const parts = { tree: changed, staged }
    const { commit } = await writeStash(repo, manifest, io, { head, parts, message })
    const witness = [`refs/${name}`, commit.cid] as const
    return {
      move: {
        ...move,
        refs: new Map([...move.refs, witness]),
        files: { from: changed, to: move.show, witness },
      },
      result: { ...result, autostash: { outcome: waits ? 'waiting' : 'clashed', stash: name } },
    }
  })
}

interface Changes {
  readonly head: { readonly tree: Cid } & Parameters<typeof writeStash>[3]['head']
  readonly staged: Cid
  readonly changed: Cid
}

/** null: there are no such changes, or nothing has to be done about them. */
async function changesOf(
  manifest: Manifest,
  io: Io,
  folder: Folder | null,
  options: FolderOptions,
): Promise<Changes | null> {
  const { commit: head } = await readHead(io.writer, manifest)
  const { index, base } = indexOf(manifest)
  if (folder === null || head === null || index === null || manifest.refs.has(mergeRef)) return null
  // The branch has moved since the files were written: their changes are not against it.
  if (base !== head.tree) return null
  const changed = await folder.snapshot(io, index, { ...options, inTurn: true })
  return changed === head.tree && index === head.tree ? null : { head, staged: index, changed }
}

/** null: they clash. */
async function layOver(
  io: Io,
  ours: Cid,
  base: Cid,
  { staged, changed }: Pick<Changes, 'staged' | 'changed'>,
  { signal, onProgress }: FolderOptions,
): Promise<{ index: Cid; files: Cid } | null> {
  const over = (theirs: Cid): ReturnType<typeof mergeTrees> =>
    mergeTrees({ ...io, base, ours, theirs }, { signal, onProgress })
  const files = await over(changed)
  if (files.conflictCount > 0) return null
  const index = staged === changed ? files : await over(staged)
  // What was staged and is not in the files any more may clash: it is left out of the index.
  return { files: files.tree, index: index.conflictCount > 0 ? ours : index.tree }
}
