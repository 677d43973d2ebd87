// Notes about commits: what `Repository.notes` gives.
import { digestHex } from '../../encoding/cid.ts'
import { notesRef } from '../../history/refs.ts'
import { resolveRevision } from '../../history/revision.ts'
import type { Repo } from '../../repo/interface.ts'
import type { ChangedNote, NoteOptions } from '../../repo/notes/change-notes.ts'
import type { NotesMerge, NotesMergeOptions } from '../../repo/notes/merge-notes.ts'
import type { NoteReader } from '../../repo/notes/notes.ts'
import { contentId } from '../entry-info.ts'
import type { OperationOptions } from '../interface.ts'

export interface NoteInfo {
  /** The id of the commit that it is about, which need not be here any more. */
  readonly commit: string
  /** The id of its text. */
  readonly id: string
}

/** Texts about commits, which leave the commits as they are. Where no revision is given, it is HEAD. */
export class Notes {
  readonly #repo: Repo

  constructor(repo: Repo) {
    this.#repo = repo
  }

  /** null: the commit has none. */
  async get(revision = 'HEAD'): Promise<string | null> {
    const manifest = await this.#repo.store.manifest()
    const { commit } = await resolveRevision(this.#repo.store, revision, manifest)
    return (await this.reader()).noteOf(commit)
  }

  /** Of many commits, as the notes are now. */
  async reader(): Promise<NoteReader> {
    const manifest = await this.#repo.store.manifest()
    if (!manifest.refs.has(notesRef)) return { noteOf: async () => null }
    const { readNotes } = await import('../../repo/notes/notes.ts')
    return readNotes(this.#repo, manifest)
  }

  /** In the order of the commits' ids. */
  async *list(options: OperationOptions = {}): AsyncGenerator<NoteInfo> {
    const { listNotes } = await import('../../repo/notes/notes.ts')
    for await (const { commit, entry } of listNotes(this.#repo, options))
      yield { commit, id: contentId(entry) }
  }

  /** Writes a note. @throws VarveError VARVE_NOT_POSSIBLE where the commit has a note, unless `force` replaces it */
  async add(text: string, options: NoteOptions = {}): Promise<{ commit: string; text: string | null }> {
    const { addNote } = await import('../../repo/notes/change-notes.ts')
    return changed(await addNote(this.#repo, text, options))
  }

  /** Adds a paragraph to the commit's note, or makes it. */
  async append(
    text: string,
    options: Pick<NoteOptions, 'revision'> = {},
  ): Promise<{ commit: string; text: string | null }> {
    const { appendNote } = await import('../../repo/notes/change-notes.ts')
    return changed(await appendNote(this.#repo, text, options))
  }

  /** Gives a commit the note of another one. */
  async copy(
    from: string,
    to: string,
    options: Pick<NoteOptions, 'force'> = {},
  ): Promise<{ commit: string; text: string | null }> {
    const { copyNote } = await import('../../repo/notes/change-notes.ts')
    return changed(await copyNote(this.#repo, from, to, options))
  }

  /** Returns the commits that had one. @throws VarveError VARVE_REF_NOT_FOUND where one has none */
  async remove(
    revisions: readonly string[] = ['HEAD'],
    options: { ignoreMissing?: boolean } = {},
  ): Promise<readonly string[]> {
    const { removeNotes } = await import('../../repo/notes/change-notes.ts')
    return (await removeNotes(this.#repo, revisions, options)).map(digestHex)
  }

  /**
   * Brings in the notes that a fetch from `remote` (or a ref, by its full name) brought along.
   * @throws VarveError VARVE_REF_NOT_FOUND where it brought none
   */
  async merge(remote?: string, options: NotesMergeOptions = {}): Promise<NotesMerge> {
    const { defaultRemote } = await import('../remotes/remote-target.ts')
    const { mergeNotes } = await import('../../repo/notes/merge-notes.ts')
    const from = remote ?? defaultRemote(await this.#repo.store.manifest())
    return mergeNotes(this.#repo, from, options)
  }

  /** Takes away the notes of commits that gc has removed, and returns those commits' ids. */
  async prune(options: OperationOptions & { dryRun?: boolean } = {}): Promise<readonly string[]> {
    const { pruneNotes } = await import('../../repo/notes/prune-notes.ts')
    return pruneNotes(this.#repo, options)
  }
}

function changed({ commit, text }: ChangedNote): { commit: string; text: string | null } {
  return { commit: digestHex(commit), text }
}
