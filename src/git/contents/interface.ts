// Contents that a Git repository only names: Git LFS and DVC keep a small text in Git, and the file's bytes beside it.
// Where it is asked for, an import brings the bytes in, checked against the digest in the text, in the text's place.
import type { Oid } from '../git-objects.ts'

export type PointerKind = 'lfs' | 'dvc'

export interface ContentOptions {
  /** Whose pointers are followed; the others come in as the texts that they are. */
  readonly follow: readonly PointerKind[]
  /** A pointer whose bytes are not there comes in as it is; default: that is an error. */
  readonly allowMissing: boolean
}

/** Bytes at hand, or a file's, checked at its end. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>

/** Stands for an object id where Git does not hold the contents itself. */
export type Md5Oid = `md5:${string}`

export function md5Oid(md5: string): Md5Oid {
  return `md5:${md5}`
}

/** The MD5 in an id; null when it is an id of Git. */
export function md5Of(oid: Oid): string | null {
  return oid.startsWith('md5:') ? oid.slice('md5:'.length) : null
}
