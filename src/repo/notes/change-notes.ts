// Changes of notes: each is a commit on the notes' own history, made on what is there when it is published, so that two
// processes that write notes at once lose none.
import { VarveError } from '../../base/errors.ts'
import { type CommitCid, digestHex } from '../../encoding/cid.ts'
import { writeBytes } from '../../files/content.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { textToBytes } from '../../files/text.ts'
import { Tree } from '../../files/tree.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import { cleanText } from '../../history/message.ts'
import { notesRef } from '../../history/refs.ts'
import { resolveRevision } from '../../history/revision.ts'
import type { Manifest } from '../../store/interface.ts'
import { operatorOf, signatureOf, withWriter } from '../context.ts'
import type { Io, Repo } from '../interface.ts'
import { noteBytesMax, noteFile, noteText } from './notes.ts'

export interface NoteOptions {
  /** Default: HEAD. */
  readonly revision?: string | undefined
  /** Take the place of a note that is there. */
  readonly force?: boolean | undefined
  /** Take the place of this note, null: of none; refused where another is there by now. */
  readonly replacing?: string | null | undefined
}

export interface ChangedNote {
  readonly commit: CommitCid
  /** Without its line end; null: it has no note any more. */
  readonly text: string | null
}

/** An empty text takes the note away. @throws VarveError VARVE_NOT_POSSIBLE where there is one already */
export async function addNote(repo: Repo, text: string, options: NoteOptions = {}): Promise<ChangedNote> {
  return changeNote(repo, 'add', options.revision, (before, commit) => {
    const { replacing } = options
    if (replacing !== undefined && before !== replacing) throw changedMeanwhile(commit)
    if (before !== null && replacing === undefined && options.force !== true) throw hasNote(commit)
    return text
  })
}

/** Adds a paragraph to the note, or makes one. */
export async function appendNote(repo: Repo, text: string, options: NoteOptions = {}): Promise<ChangedNote> {
  return changeNote(repo, 'append', options.revision, (before) =>
    before === null ? text : `${before}\n\n${text}`,
  )
}

/** @throws VarveError VARVE_REF_NOT_FOUND where `from` has no note, VARVE_NOT_POSSIBLE where `to` has one already */
export async function copyNote(
  repo: Repo,
  from: string,
  to: string,
  { force }: Pick<NoteOptions, 'force'> = {},
): Promise<ChangedNote> {
  return changeNote(repo, 'copy', to, async (before, commit, textOf, manifest) => {
    const source = (await resolveRevision(repo.store, from, manifest)).commit
    const text = await textOf(source)
    if (text === null) throw noNote(source)
    if (before !== null && force !== true) throw hasNote(commit)
    return text
  })
}

/** Returns those that had a note. @throws VarveError VARVE_REF_NOT_FOUND where one has none */
export async function removeNotes(
  repo: Repo,
  revisions: readonly string[],
  { ignoreMissing }: { readonly ignoreMissing?: boolean | undefined } = {},
): Promise<CommitCid[]> {
  let removed: CommitCid[] = []
  await changeNotes(repo, 'remove', async ({ tree, manifest }) => {
    removed = []
    for (const revision of revisions) {
      const { commit } = await resolveRevision(repo.store, revision, manifest)
      if ((await tree.get(noteFile(commit))) !== null) removed.push(commit)
      else if (ignoreMissing !== true) throw noNote(commit)
    }
    return new Map(removed.map((commit) => [noteFile(commit), null]))
  })
  return removed
}

type TextOf = (commit: CommitCid) => Promise<string | null>

async function changeNote(
  repo: Repo,
  verb: string,
  revision: string | undefined,
  change: (
    before: string | null,
    commit: CommitCid,
    textOf: TextOf,
    manifest: Manifest,
  ) => string | Promise<string>,
): Promise<ChangedNote> {
  let result: ChangedNote | null = null
  await changeNotes(repo, verb, async ({ tree, manifest, io }) => {
    const { commit } = await resolveRevision(repo.store, revision ?? 'HEAD', manifest)
    const textOf: TextOf = async (one) => {
      const entry = await tree.get(noteFile(one))
      return entry === null ? null : noteText(io.nodes, noteFile(one), entry)
    }
    const text = cleanText(await change(await textOf(commit), commit, textOf, manifest))
    result = { commit, text: text === '' ? null : text }
    return new Map([[noteFile(commit), text === '' ? null : noteEntry(io, text)]])
  })
  return result!
}

export function noteEntry(io: Io, text: string): TreeEntry {
  const bytes = textToBytes(`${text}\n`)
  if (bytes.length > noteBytesMax)
    throw new VarveError('VARVE_RULE_VIOLATED', `a note has at most ${noteBytesMax} bytes`, {
      hint: 'commit long texts as a file',
    })
  return { kind: 'file', executable: false, ...writeBytes(io.writer, bytes) }
}

interface NotesState {
  readonly tree: Tree
  readonly manifest: Manifest
  readonly io: Io
}

/** Nothing is written where nothing changes. */
export async function changeNotes(
  repo: Repo,
  verb: string,
  plan: (state: NotesState) => Promise<ReadonlyMap<Path, TreeEntry | null>>,
): Promise<void> {
  await withWriter(repo, (writer, nodes) =>
    repo.store.update(
      async (manifest) => {
        const tip = manifest.refs.get(notesRef)
        const tree =
          tip === undefined
            ? Tree.empty(nodes, writer)
            : await Tree.load(nodes, (await readCommit(repo.store, tip)).tree)
        const edits = await plan({ tree, manifest, io: { writer, nodes } })
        const next = await tree.update(writer, edits)
        if (next.cid === tree.cid) return null
        const parents = tip === undefined ? [] : [tip]
        const signature = signatureOf(repo, manifest)
        const commit = writeCommit(writer, {
          tree: next.cid,
          parents,
          author: signature,
          committer: signature,
          message: `Notes changed by 'varve notes ${verb}'\n`,
          generation: await nextGeneration(writer, parents),
          extra: {},
        })
        const about = [...edits.keys()].map((path) => path.slice(0, 8)).join(' ')
        return {
          refs: new Map([[notesRef, commit]]),
          operation: { name: 'notes', message: `${verb} ${about}`, author: operatorOf(repo, manifest) },
        }
      },
      { writer },
    ),
  )
}

function hasNote(commit: CommitCid): VarveError {
  const id = digestHex(commit)
  return new VarveError('VARVE_NOT_POSSIBLE', `commit ${id.slice(0, 8)} has a note already`, {
    data: { commit: id },
    hint: "'--force' replaces it, 'varve notes append' adds to it",
  })
}

function changedMeanwhile(commit: CommitCid): VarveError {
  const id = digestHex(commit)
  return new VarveError('VARVE_NOT_POSSIBLE', `the note of ${id.slice(0, 8)} was changed meanwhile`, {
    data: { commit: id },
    hint: "look at it with 'varve notes show', and edit it again",
  })
}

function noNote(commit: CommitCid): VarveError {
  const id = digestHex(commit)
  return new VarveError('VARVE_REF_NOT_FOUND', `commit ${id.slice(0, 8)} has no note`, {
    data: { commit: id },
    hint: "'varve notes list' shows which commits have one",
  })
}
