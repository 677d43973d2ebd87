// One commit as the stream that `git fast-import` reads: new files as blobs, cut into parts and read from the disk
// piece by piece, then a tree that names these and the blobs the host has already. Git answers with the ids that it
// gave, from which the listing of the new tree follows.
import fs from 'node:fs'
import { utf8 } from '../../../base/bytes.ts'
import { type Blob, type Listing, partBytesMax, partName } from './listing.ts'

/** A file of the store: on the host already, or to be read from `file` or memory. */
export type ImportedFile = { readonly name: string } & (
  | { readonly blobs: readonly Blob[] }
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
)

export interface CommitPlan {
  readonly files: readonly ImportedFile[]
  /** Id of the commit before; null: the commit stands alone. */
  readonly parent: string | null
  readonly message: string
}

const pieceBytes = 1 << 20
const largeBytes = 16 << 20
const largeParts = 120
const partBytesMin = 128 << 10
const nextRef = 'refs/varve/next'

interface Marked {
  readonly file: ImportedFile
  /** Where each new blob begins and ends in the file. */
  readonly parts: readonly (readonly [start: number, end: number])[]
}

export async function* importStream({ files, parent, message }: CommitPlan): AsyncGenerator<Uint8Array> {
  let marks = 0
  let tree = ''
  for (const { file, parts } of markedFiles(files)) {
    const ids = 'blobs' in file ? file.blobs.map(({ id }) => id) : parts.map((_, i) => `:${marks + i + 1}`)
    ids.forEach((id, i) => (tree += `M 100644 ${id} ${partName(file.name, i, ids.length)}\n`))
    for (const [start, end] of parts) {
      yield utf8(`blob\nmark :${++marks}\ndata ${end - start}\n`)
      if ('bytes' in file) yield file.bytes.subarray(start, end)
      else if ('file' in file && end > start)
        yield* fs.createReadStream(file.file, { start, end: end - 1, highWaterMark: pieceBytes })
      yield utf8('\n')
    }
  }
  const text = utf8(message)
  const seconds = Math.floor(Date.now() / 1000)
  const who = `committer Varve <varve@localhost> ${seconds} +0000`
  yield utf8(`commit ${nextRef}\nmark :${++marks}\n${who}\ndata ${text.length}\n`)
  yield text
  const answers = Array.from({ length: marks }, (_, i) => `get-mark :${i + 1}\n`).join('')
  yield utf8(`${parent === null ? '' : `\nfrom ${parent}`}\ndeleteall\n${tree}\n${answers}done\n`)
}

/** `ids` are Git's answer: those of the new blobs in order, and the commit's last. null when it is no such answer. */
export function importedListing(
  { files }: CommitPlan,
  ids: readonly string[],
): { commit: string; listing: Listing } | null {
  const listing = new Map<string, readonly Blob[]>()
  let at = 0
  for (const { file, parts } of markedFiles(files)) {
    const fresh = parts.map(([start, end]) => ({ id: ids[at++] ?? '', bytes: end - start }))
    listing.set(file.name, 'blobs' in file ? file.blobs : fresh)
  }
  const isWhole = ids.length === at + 1 && ids.every((id) => /^[0-9a-f]{40}$/.test(id))
  return isWhole ? { commit: ids[at]!, listing } : null
}

function markedFiles(files: readonly ImportedFile[]): Marked[] {
  const sizes = files.map((file) => freshBytes(file))
  const most = partBytesFor(sizes.reduce((sum, bytes) => sum + bytes, 0))
  return files.map((file, i) => {
    const parts: [number, number][] = []
    if ('blobs' in file) return { file, parts }
    for (let start = 0; start === 0 || start < sizes[i]!; start += most)
      parts.push([start, Math.min(sizes[i]!, start + most)])
    return { file, parts }
  })
}

/**
 * A host with Git's usual settings keeps a push of 100 objects or more as the pack that it came as. One of fewer it takes
 * apart, and looks for likenesses among the pieces whenever somebody fetches them: of packs of ours in vain, for minutes.
 */
function partBytesFor(bytes: number): number {
  if (bytes < largeBytes) return partBytesMax
  return Math.min(partBytesMax, Math.max(partBytesMin, Math.ceil(bytes / largeParts)))
}

function freshBytes(file: ImportedFile): number {
  if ('blobs' in file) return 0
  return 'bytes' in file ? file.bytes.length : fs.statSync(file.file).size
}
