// Where a remote's files lie when it is no directory of this machine: an object store's prefix, a web server. The
// names are those of the store's layout ('format', 'm/…', 'packs/ab/….pack', 'idx/….idx', 'newest'), so that one store
// over `Blobs` serves them all. Files are never changed once they are there: each kind must be able to create a file
// exclusively, which is the compare-and-set that everything stands on.
//
// Whatever is read is hostile: the caller hashes it. Whatever is asked for is bounded: an implementation never holds
// more than it was asked for, follows no redirect to another host, and says nothing of credentials in an error.

import type { FileEnds } from './upload-file.ts'

export interface ReadBlobOptions {
  readonly signal?: AbortSignal | undefined
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined
  /** File where an implementation may keep what it needs to carry on after a kill, such as a multipart upload's id. */
  readonly journal?: string | undefined
  /** What stands at the file's beginning and end where it is sent, instead of what stands there here. */
  readonly ends?: FileEnds | null
}

export interface ReadRangeOptions extends ReadBlobOptions {
  /** Memory of that length, which the answer may be read into; it is then the answer. */
  readonly into?: Uint8Array
}

/**
 * All methods try again where that is safe (answers of 429 and 5xx, cut connections; with growing, random pauses, a
 * few times), and then throw VARVE_UNREACHABLE. What is refused (401, 403) is VARVE_REFUSED, at once.
 */
export interface Blobs {
  /** For messages and caches: a URL without credentials. */
  readonly location: string
  /** The whole file; null when there is none. @throws VARVE_CORRUPT when it is larger than `bytesMax` */
  read(name: string, bytesMax: number, options?: ReadBlobOptions): Promise<Uint8Array | null>
  /** Exactly `length` bytes at `offset`; null when there is no such file. @throws VARVE_CORRUPT when it is shorter */
  readRange(
    name: string,
    offset: number,
    length: number,
    options?: ReadRangeOptions,
  ): Promise<Uint8Array | null>
  /**
   * The newest manifest, or null when that is still `known`, by number and content: a store that was made anew under
   * the same URL must not pass for the old one. One request when there is nothing new, two else. It may lag behind; a
   * writer finds out by `create`. @throws VARVE_UNREACHABLE when there is no manifest at all
   */
  newest(known: ManifestFile | null, options?: ReadBlobOptions): Promise<ManifestFile | null>
}

/** A manifest's number and its file's bytes. */
export interface ManifestFile {
  readonly sequence: number
  readonly bytes: Uint8Array
}

export interface WritableBlobs extends Blobs {
  /** Whether this kind can be written to safely by many at once; asked before the first write. */
  readonly manyWriters: boolean
  /** Atomic and exclusive: false when the file was there already, and then it is as it was. */
  create(name: string, bytes: Uint8Array, options?: ReadBlobOptions): Promise<boolean>
  /**
   * A local file under a name that its content gives (packs, segments): the same name has the same bytes, so a file
   * that is there already with this size counts as sent, unless it is so old that a gc may be about to remove it. Large
   * files go in parts, and carry on after an interruption.
   */
  upload(name: string, file: string, options?: UploadOptions): Promise<void>
  /** Names with this prefix, without end; for clean-up only. How old each is the store's own clock says: ours may be wrong. */
  list(
    prefix: string,
    options?: ReadBlobOptions,
  ): AsyncIterable<{ name: string; bytes: number; ageMs: number }>
  remove(names: readonly string[], options?: ReadBlobOptions): Promise<void>
  /** Gives up uploads that were begun long ago and never ended; how many. */
  removeUploads?(options?: ReadBlobOptions): Promise<number>
}
