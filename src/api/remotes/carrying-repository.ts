// History that is carried in files: bundles, which are remotes, and CAR files, for other IPLD tools.
import { type AnyIterable, bytesInParts } from '../../base/iterables.ts'
import { branchPrefix } from '../../history/refs.ts'
import {
  type BundleInfo,
  type BundleVerdict,
  type CreateBundleOptions,
  createBundleOf,
  verifyAgainst,
} from './bundles.ts'
import { type ImportCarOptions, type ImportCarResult, exportCarOf, importCarInto } from './cars.ts'
import type * as t from '../interface.ts'
import { RemoteRepository } from './remote-repository.ts'

export class CarryingRepository extends RemoteRepository {
  /** Branches and tags with all that they reach, in one file that can be cloned and fetched from. */
  async createBundle(file: string, options: CreateBundleOptions = {}): Promise<BundleInfo> {
    return createBundleOf(this.repo.store, file, options)
  }

  /** Reads every byte of a bundle, and says whether what it continues from is here. */
  async verifyBundle(file: string, options: t.OperationOptions = {}): Promise<BundleVerdict> {
    return verifyAgainst(this.repo.store, file, options)
  }

  /** A commit and all that it reaches as a CAR file, for other IPLD tools. */
  async *exportCar(revision = 'HEAD', options: t.OperationOptions = {}): AsyncGenerator<Uint8Array> {
    yield* exportCarOf(this.repo.store, revision, options)
  }

  /** A branch out of a CAR file that holds a commit and all that it reaches. Nothing in it is believed unseen. */
  async importCar(
    source: Uint8Array | AnyIterable<Uint8Array>,
    options: ImportCarOptions,
  ): Promise<ImportCarResult> {
    const folder = this.cacheDir
    const result = await importCarInto(this.repo.store, bytesInParts(source), { ...options, folder })
    if (this.folder !== null) await this.showBranch(branchPrefix + result.branch, options)
    return result
  }
}
