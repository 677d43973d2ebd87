// What history says of paths, rows and lines, on any store.
import { commitsLeftOut } from '../history/horizon.ts'
import type { Mailmap } from '../history/mailmap.ts'
import { commitInfoOf, refNames } from './info.ts'
import type * as t from './interface.ts'
import { MergingRepository } from './merging-repository.ts'
import { Notes } from './notes/notes.ts'
import { checkCommit, signingContext } from './signing.ts'
import type {
  Blame,
  BlameOptions,
  LineCommit,
  LineLogOptions,
  RowCommit,
  RowLogOptions,
} from './row-history.ts'

export class LogRepository extends MergingRepository {
  /** Texts about commits. */
  get notes(): Notes {
    return new Notes(this.repo)
  }

  /** Commits of the current branch or of `revision`, newest first; options choose among them. */
  async *log(options: t.LogOptions = {}): AsyncGenerator<t.LoggedCommit> {
    const { log } = await import('../repo/log/log.ts')
    const names = await refNames(this.repo, await this.repo.store.manifest())
    const beyond = await commitsLeftOut(this.repo.store)
    const notes = options.notes === true ? await this.notes.reader() : null
    for await (const { commit, paths } of log(this.repo, options)) {
      const note = (await notes?.noteOf(commit.cid)) ?? null
      const context = signingContext(this.options, options.signal)
      yield {
        ...commitInfoOf(commit, names, beyond),
        ...(note === null ? {} : { note }),
        ...(options.signatures === true
          ? { signature: await checkCommit(context, this.repo, commit.cid) }
          : {}),
        ...(paths === undefined ? {} : { paths }),
      }
    }
  }

  /**
   * Under which names and addresses people are to be shown: the `.mailmap` of the dataset, empty where there is none. What
   * `blob` ('REV:PATH') says counts before that, and what the lines `more` say before both.
   */
  async mailmap(options: { readonly blob?: string; readonly more?: string } = {}): Promise<Mailmap> {
    const { readMailmap } = await import('../repo/log/read-mailmap.ts')
    return readMailmap(this.repo, this.folder, options)
  }

  /** The commits that added, changed or removed a row (or one of its cells), newest first, each with what it did. */
  async *rowLog(path: string, options: RowLogOptions): AsyncGenerator<RowCommit> {
    const { logOfRow } = await import('./blame.ts')
    yield* logOfRow(this.repo, path, options)
  }

  /**
   * The commits that changed lines of a text, newest first, each with how.
   * @throws VarveError VARVE_USAGE for lines that are not there, VARVE_NOT_POSSIBLE for what is no text
   */
  async *lineLog(path: string, options: LineLogOptions): AsyncGenerator<LineCommit> {
    const { logOfLines } = await import('./line-history.ts')
    yield* logOfLines(this.repo, path, options)
  }

  /** For each line of a text, or each row or cell of a table, the commit that brought it in as it is now. */
  async blame(path: string, options: BlameOptions = {}): Promise<Blame> {
    const { blamePath } = await import('./blame.ts')
    return blamePath(this.repo, path, options)
  }
}
