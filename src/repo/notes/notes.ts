// Notes: texts about commits that are added afterwards and leave the commits as they are. As in Git they are a history of
// their own, 'refs/notes/commits': each of its commits holds, for each commit that has a note, a file that is named by
// the commit's id.
import { concatBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import { type CommitCid, digestHex } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { textFromBytes } from '../../files/text.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { notesRef } from '../../history/refs.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Repo } from '../interface.ts'

/** What is longer is no remark about a commit: a file holds it better. */
export const noteBytesMax: number = 1 << 20

/** null: there are none. */
export async function notesTree(repo: Repo, manifest: Manifest): Promise<Tree | null> {
  const tip = manifest.refs.get(notesRef)
  return tip === undefined ? null : Tree.load(repo.nodes, (await readCommit(repo.store, tip)).tree)
}

export interface NoteReader {
  /** Without its line end; null: the commit has none. */
  readonly noteOf: (commit: CommitCid) => Promise<string | null>
}

export async function readNotes(repo: Repo, manifest: Manifest): Promise<NoteReader> {
  const tree = await notesTree(repo, manifest)
  return {
    noteOf: async (commit) => {
      const entry = (await tree?.get(noteFile(commit))) ?? null
      if (entry === null) return null
      // What others pushed must not keep anybody from reading the log.
      return isNote(entry) ? noteText(repo.nodes, noteFile(commit), entry) : unreadable(noteFile(commit))
    },
  }
}

/** The file in which a commit's note is. */
export function noteFile(commit: CommitCid): Path {
  return digestHex(commit)
}

export function isNote(entry: TreeEntry): boolean {
  return entry.kind === 'file' && entry.size <= noteBytesMax
}

function unreadable(path: Path): string {
  return `(too long for a note: 'varve cat ${notesRef}:${path}' shows it)`
}

/** @throws VarveError VARVE_RULE_VIOLATED for what is longer than a note may be */
export async function noteText(nodes: NodeStore, path: Path, entry: TreeEntry): Promise<string> {
  if (entry.kind !== 'file' || entry.size > noteBytesMax) {
    const what = entry.kind === 'file' ? `longer than ${noteBytesMax} bytes` : 'no text'
    throw new VarveError('VARVE_RULE_VIOLATED', `the note of '${path}' is ${what}`, {
      data: { path },
      hint: `read it with 'varve cat ${notesRef}:${path}'`,
    })
  }
  const parts = await collect(readFile(nodes, entry))
  return textFromBytes(concatBytes(parts.map((part) => part.slice()))).replace(/\n+$/, '')
}

export interface ListedNote {
  /** The id of the commit that it is about. */
  readonly commit: string
  readonly entry: TreeEntry
}

/** In the order of the commits' ids. */
export async function* listNotes(
  repo: Repo,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ListedNote> {
  const tree = await notesTree(repo, await repo.store.manifest())
  if (tree === null) return
  for await (const batch of tree.scan({ signal: options.signal }))
    for (const { path, entry } of batch) yield { commit: path, entry }
}
