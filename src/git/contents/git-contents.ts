// The bytes that an entry of a Git tree stands for: a blob's, those of the Git LFS pointer in it, or a file of DVC's.
import { VarveError } from '../../base/errors.ts'
import type { Oid } from '../git-objects.ts'
import type { GitSource } from '../git-source.ts'
import type { GitChange } from '../tree-changes.ts'
import { DvcCache } from './dvc-cache.ts'
import { DvcChanges, type EntryAt, isDvcPath } from './dvc-changes.ts'
import { type Content, type ContentOptions, md5Of } from './interface.ts'
import { lfsPointer, openLfs } from './lfs.ts'

export class GitContents {
  readonly #dvc: DvcChanges | null
  readonly #left = new Set<Oid>()
  readonly #git: GitSource
  readonly #cache: DvcCache | null
  readonly #options: ContentOptions

  constructor(git: GitSource, options: ContentOptions) {
    this.#git = git
    this.#options = options
    this.#cache = options.follow.includes('dvc') ? new DvcCache(git.root) : null
    this.#dvc = this.#cache === null ? null : new DvcChanges(git, this.#cache, options.allowMissing)
  }

  /** How many versions of pointers were imported as they are. */
  get pointersLeft(): number {
    return this.#left.size + (this.#dvc?.left.size ?? 0)
  }

  /** The changes with files in the place of .dvc files, where those are followed. */
  async changes(
    changes: readonly GitChange[],
    atBefore: EntryAt,
    atAfter: EntryAt,
  ): Promise<readonly GitChange[]> {
    if (this.#dvc !== null) return this.#dvc.followed(changes, atBefore, atAfter)
    for (const { pathBytes, after } of changes)
      if (after !== null && isDvcPath(pathBytes)) this.#left.add(after.oid)
    return changes
  }

  /** @throws VarveError VARVE_NOT_POSSIBLE where a pointer's bytes are missing */
  async open(oid: Oid): Promise<Content> {
    const md5 = md5Of(oid)
    if (md5 !== null) return this.#cache!.open(md5)!
    const blob = await this.#git.blob(oid)
    const digest = lfsPointer(blob)
    if (digest === null) return blob
    const file = this.#options.follow.includes('lfs') ? openLfs(this.#git.folder, digest) : null
    if (file !== null) return file
    if (this.#options.follow.includes('lfs') && !this.#options.allowMissing) {
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `a pointer of Git LFS points to '${digest}', which is missing`,
        {
          data: { oid, digest },
          hint: "run 'git lfs fetch --all' there; or keep such pointers as they are: --allow-missing",
        },
      )
    }
    this.#left.add(oid)
    return blob
  }
}
