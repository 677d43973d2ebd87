// One commit as the stream that `git fast-import` reads: new files as blobs, cut into parts and read from the disk
// piece by piece, then a tree that names these and the blobs the host has already.
import fs from 'node:fs'
import { utf8 } from '../../../base/bytes.ts'
import { type Blob, partBytesMax, partName } from './listing.ts'

/** A file of the store: on the host already, or to be read from `file` or memory. */
export type ImportedFile = { readonly name: string } & (
  | { readonly blobs: readonly Blob[] }
  | { readonly file: string }
  | { readonly bytes: Uint8Array }
)

const pieceBytes = 1 << 20
const nextRef = 'refs/varve/next'

export async function* importStream(
  files: readonly ImportedFile[],
  parent: string | null,
  message: string,
): AsyncGenerator<Uint8Array> {
  const lines: string[] = []
  let marks = 0
  const add = (name: string, ids: readonly string[]): void => {
    ids.forEach((id, i) => lines.push(`M 100644 ${id} ${partName(name, i, ids.length)}\n`))
  }
  for (const file of files) {
    if ('blobs' in file) {
      add(
        file.name,
        file.blobs.map(({ id }) => id),
      )
      continue
    }
    const ids: string[] = []
    const bytes = 'bytes' in file ? file.bytes.length : fs.statSync(file.file).size
    for (let start = 0; start === 0 || start < bytes; start += partBytesMax) {
      const end = Math.min(bytes, start + partBytesMax)
      ids.push(`:${++marks}`)
      yield utf8(`blob\nmark :${marks}\ndata ${end - start}\n`)
      if ('bytes' in file) yield file.bytes.subarray(start, end)
      else if (end > start)
        yield* fs.createReadStream(file.file, { start, end: end - 1, highWaterMark: pieceBytes })
      yield utf8('\n')
    }
    add(file.name, ids)
  }
  const text = utf8(message)
  const seconds = Math.floor(Date.now() / 1000)
  yield utf8(
    `commit ${nextRef}\nmark :${++marks}\ncommitter Varve <varve@localhost> ${seconds} +0000\ndata ${text.length}\n`,
  )
  yield text
  yield utf8(parent === null ? '\n' : `\nfrom ${parent}\n`)
  yield utf8(`deleteall\n${lines.join('')}\nget-mark :${marks}\ndone\n`)
}
