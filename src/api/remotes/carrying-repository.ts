// History that is carried in files: bundles, which are remotes, CAR files, for other IPLD tools, and Git repositories.
import { type AnyIterable, bytesInParts } from '../../base/iterables.ts'
import { readCommit } from '../../history/commit.ts'
import { branchPrefix, gitNotesRef } from '../../history/refs.ts'
import type { BundleInfo, BundleVerdict, CreateBundleOptions } from './bundles.ts'
import type { ImportCarOptions, ImportCarResult } from './cars.ts'
import { idOf } from '../info.ts'
import type * as t from '../interface.ts'
import { RemoteRepository } from './remote-repository.ts'

export class CarryingRepository extends RemoteRepository {
  /** Branches and tags with all that they reach, in one file that can be cloned and fetched from. */
  async createBundle(file: string, options: CreateBundleOptions = {}): Promise<BundleInfo> {
    const { createBundleOf } = await import('./bundles.ts')
    return createBundleOf(this.repo.store, file, options)
  }

  /** Reads every byte of a bundle, and says whether what it continues from is here. */
  async verifyBundle(file: string, options: t.OperationOptions = {}): Promise<BundleVerdict> {
    const { verifyAgainst } = await import('./bundles.ts')
    return verifyAgainst(this.repo.store, file, options)
  }

  /** A commit and all that it reaches as a CAR file, for other IPLD tools. */
  async *exportCar(revision = 'HEAD', options: t.OperationOptions = {}): AsyncGenerator<Uint8Array> {
    const { exportCarOf } = await import('./cars.ts')
    yield* exportCarOf(this.repo.store, revision, options)
  }

  /** A branch out of a CAR file that holds a commit and all that it reaches. Nothing in it is believed unseen. */
  async importCar(
    source: Uint8Array | AnyIterable<Uint8Array>,
    options: ImportCarOptions,
  ): Promise<ImportCarResult> {
    const { importCarInto } = await import('./cars.ts')
    const folder = this.cacheDir
    const result = await importCarInto(this.repo.store, bytesInParts(source), { ...options, folder })
    if (this.folder !== null) await this.showBranch(branchPrefix + result.branch, options)
    return result
  }

  /** Brings in the history of a Git repository, from a folder or a URL. An import that was made before is continued. */
  async importGit(source: string, options: t.ImportGitOptions = {}): Promise<t.ImportGitResult> {
    const branch = options.branch ?? 'main'
    // Loaded on use: it brings in HTTP, which costs every command 25 ms otherwise.
    const { importGit } = await import('../../git/import.ts')
    const { skippedPaths, ...report } = await importGit(this.repo, source, { ...options, branch })
    if (report.head !== null && this.folder !== null) await this.showBranch(branchPrefix + branch, options)
    const { refs } = await this.repo.store.manifest()
    if (refs.has(gitNotesRef)) await this.notes.merge(gitNotesRef)
    const left = [...skippedPaths].map(([path, reason]) => ({ path, reason }))
    return { ...report, skippedPaths: left, branch, head: idOf(report.head) }
  }

  /**
   * Writes the history as a Git repository in `dir`, which is made if it is not there: the inverse of `importGit`.
   * Exporting again adds what is new.
   * @throws VarveError VARVE_REFUSED when a branch there has commits that are not here
   */
  async exportGit(dir: string, options: t.ExportGitOptions = {}): Promise<t.ExportGitResult> {
    const { exportGit } = await import('../../git/export.ts')
    const { environment } = this
    const { refs, skippedPaths, ...counts } = await exportGit(this.repo, dir, { ...options, environment })
    const named = refs.map(({ ref, to, state }) => ({ ref, id: to, state }))
    return { ...counts, skipped: skippedPaths, refs: named }
  }

  /** Brings the files up to date with a branch that moved while it was checked out. */
  protected async showBranch(ref: string, options: t.OperationOptions): Promise<void> {
    const { move } = await import('../../repo/move.ts')
    const { store } = this.repo
    await move(
      this.repo,
      this.folder,
      async (manifest) => {
        const tip = manifest.refs.get(ref)
        if (manifest.head !== ref || tip === undefined) return null
        const { tree } = await readCommit(store, tip)
        return { refs: new Map(), operation: { name: 'import', message: 'check out' }, show: tree }
      },
      options,
    )
  }
}
