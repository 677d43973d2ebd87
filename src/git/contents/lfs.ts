// Git LFS: a text of three lines in Git, and the bytes in `lfs/objects` of the repository. Format: the specification of
// Git LFS, docs/spec.md.
import path from 'node:path'
import { isText, textFromBytes } from '../../files/text.ts'
import { checkedFile, firstFile } from './stored-file.ts'

const pointerBytesMax = 1024
const first = /^version https:\/\/(?:git-lfs\.github\.com|hawser\.github\.com)\/spec\/v1\n/

/** The SHA-256 that a pointer stands for; null when it is not a pointer. */
export function lfsPointer(bytes: Uint8Array): string | null {
  if (bytes.length > pointerBytesMax || !isText(bytes)) return null
  const text = textFromBytes(bytes)
  if (!first.test(text)) return null
  return /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1] ?? null
}

/** The bytes with this digest; null when they are not there. */
export function openLfs(gitFolder: string, digest: string): AsyncIterable<Uint8Array> | null {
  const place = path.join(gitFolder, 'lfs', 'objects', digest.slice(0, 2), digest.slice(2, 4), digest)
  const file = firstFile([place])
  return file === null ? null : checkedFile(file, { algorithm: 'sha256', digest })
}
