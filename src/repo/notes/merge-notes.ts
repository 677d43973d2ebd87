// Brings the notes of another history into ours, a note at a time, over what both came from. Nobody is asked anything:
// where both sides changed a note, by default the paragraphs of theirs that ours lacks are put behind it, as Git's
// 'union' does with lines.
import { VarveError } from '../../base/errors.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import type { Path, TreeEntry, TreeThreeWayDifference } from '../../files/interface.ts'
import { diffTreesThreeWay } from '../../files/tree-diff.ts'
import { Tree } from '../../files/tree.ts'
import { isAncestor, mergeBases } from '../../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import { notesRef, remoteNotesRef } from '../../history/refs.ts'
import type { Manifest } from '../../store/interface.ts'
import { operatorOf, signatureOf, withWriter } from '../context.ts'
import type { Io, Repo } from '../interface.ts'
import { noteEntry } from './change-notes.ts'
import { isNote, noteText } from './notes.ts'

/** What becomes of a note that both sides changed. */
export type NotesStrategy = 'union' | 'ours' | 'theirs'

export interface NotesMergeOptions {
  readonly strategy?: NotesStrategy | undefined
}

export interface NotesMerge {
  readonly kind: 'up-to-date' | 'fast-forward' | 'merge'
  /** The ref that was merged. */
  readonly from: string
  /** Ids of commits whose notes both sides had changed. */
  readonly combined: readonly string[]
}

/** `from`: a remote's name, or the full name of a ref. @throws VarveError VARVE_REF_NOT_FOUND */
export async function mergeNotes(
  repo: Repo,
  from: string,
  { strategy = 'union' }: NotesMergeOptions = {},
): Promise<NotesMerge> {
  const ref = from.startsWith('refs/') ? from : remoteNotesRef(from)
  let result: NotesMerge = { kind: 'up-to-date', from: ref, combined: [] }
  await withWriter(repo, (writer, nodes) =>
    repo.store.update(
      async (manifest) => {
        result = { kind: 'up-to-date', from: ref, combined: [] }
        const theirs = manifest.refs.get(ref)
        if (theirs === undefined) throw notFetched(from, ref)
        const ours = manifest.refs.get(notesRef)
        if (ours !== undefined && (await isAncestor(writer, theirs, ours))) return null
        const isForward = ours === undefined || (await isAncestor(writer, ours, theirs))
        const merged = isForward ? null : await mergeTips(repo, { writer, nodes }, { ours, theirs, strategy })
        result = { kind: isForward ? 'fast-forward' : 'merge', from: ref, combined: merged?.combined ?? [] }
        const tip =
          merged === null
            ? theirs
            : await writeMerge(repo, { writer, nodes }, manifest, {
                parents: [ours!, theirs],
                tree: merged.tree,
                from: ref,
              })
        return {
          refs: new Map([[notesRef, tip]]),
          operation: { name: 'notes', message: `merge ${ref}`, author: operatorOf(repo, manifest) },
        }
      },
      { writer },
    ),
  )
  return result
}

interface Tips {
  readonly ours: CommitCid
  readonly theirs: CommitCid
  readonly strategy: NotesStrategy
}

async function mergeTips(
  repo: Repo,
  io: Io,
  { ours, theirs, strategy }: Tips,
): Promise<{ tree: Tree; combined: string[] }> {
  const load = async (tip: CommitCid): Promise<Tree> =>
    Tree.load(io.nodes, (await readCommit(repo.store, tip)).tree)
  const [base] = await mergeBases(io.writer, ours, theirs)
  const before = base === undefined ? Tree.empty(io.nodes, io.writer) : await load(base)
  const tree = await load(ours)
  const edits = new Map<Path, TreeEntry | null>()
  const combined: string[] = []
  for await (const batch of diffTreesThreeWay(before, tree, await load(theirs)))
    for (const difference of batch) {
      if (same(difference.theirs, difference.base) || same(difference.theirs, difference.ours)) continue
      const isOurs = !same(difference.ours, difference.base)
      if (isOurs) combined.push(difference.path)
      edits.set(difference.path, isOurs ? await decide(io, difference, strategy) : difference.theirs)
    }
  return { tree: await tree.update(io.writer, edits), combined }
}

function same(a: TreeEntry | null, b: TreeEntry | null): boolean {
  return a === b || (a?.kind === 'file' && b?.kind === 'file' && a.content === b.content)
}

/** Both changed it. A note that one side took away stays, and so does one beside what is no note. */
async function decide(
  io: Io,
  { path, ours, theirs }: TreeThreeWayDifference,
  strategy: NotesStrategy,
): Promise<TreeEntry | null> {
  if (strategy !== 'union') return strategy === 'ours' ? ours : theirs
  if (theirs === null || !isNote(theirs)) return ours
  if (ours === null || !isNote(ours)) return theirs
  const mine = await noteText(io.nodes, path, ours)
  const has = new Set(mine.split(paragraphEnd))
  const more = (await noteText(io.nodes, path, theirs)).split(paragraphEnd).filter((one) => !has.has(one))
  try {
    return noteEntry(io, [mine, ...more].join('\n\n'))
  } catch (cause) {
    throw new VarveError('VARVE_RULE_VIOLATED', `both notes of '${path}' together are too long for one`, {
      data: { commit: path },
      cause,
      hint: "take one side where both changed a note: '--strategy ours' or '--strategy theirs'",
    })
  }
}

const paragraphEnd = /\n{2,}/

async function writeMerge(
  repo: Repo,
  { writer }: Io,
  manifest: Manifest,
  { parents, tree, from }: { parents: readonly CommitCid[]; tree: Tree; from: string },
): Promise<CommitCid> {
  const signature = signatureOf(repo, manifest)
  return writeCommit(writer, {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message: `Notes merged from '${from}'\n`,
    generation: await nextGeneration(writer, parents),
    extra: {},
  })
}

function notFetched(from: string, ref: string): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `there are no notes of '${from}' here`, {
    data: { ref },
    hint: "'varve fetch' brings those that were pushed there with 'varve push --notes'",
  })
}
