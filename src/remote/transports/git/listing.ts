// The files of a store as blobs of a Git tree: the same names as on a disk ('format', 'm/…', 'packs/ab/….pack',
// 'idx/….idx'). A file above 45 MiB is a folder of its parts ('000', '001', …), since hosts refuse large blobs. The
// tree comes from a host that may lie: any other name, links, submodules and sizes that no store has are refused
// before a byte is read.
import { type VarveError, corrupt } from '../../../base/errors.ts'
import { manifestBytesMax } from '../../../store/manifest-file.ts'

/** Largest blob; hosts refuse or warn from 50 MiB on. */
export const partBytesMax: number = 45 << 20
const packBytesMax = 2 ** 30
const segmentBytesMax = 2 ** 31 - 1
const formatBytesMax = 64 << 10

export interface Blob {
  readonly id: string
  readonly bytes: number
}

/** File of the store -> its parts, in order: one for most. */
export type Listing = ReadonlyMap<string, readonly Blob[]>

interface Kind {
  readonly name: RegExp
  readonly bytesMax: number
}

const kinds: readonly Kind[] = [
  { name: /^format$/, bytesMax: formatBytesMax },
  { name: /^m\/\d{20}$/, bytesMax: manifestBytesMax },
  { name: /^idx\/[0-9a-f]{64}\.idx$/, bytesMax: segmentBytesMax },
  { name: /^packs\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.pack$/, bytesMax: packBytesMax },
]

/** Reads the output of `git ls-tree -r -z -l`. @throws VarveError VARVE_CORRUPT */
export function readListing(output: string): Listing {
  const files = new Map<string, Blob[]>()
  for (const line of output.split('\0')) {
    if (line === '') continue
    const { path, blob } = readLine(line)
    const part = /^(.*)\/(\d{3})$/.exec(path)
    const isPart = part !== null && !path.startsWith('m/')
    const name = isPart ? part[1]! : path
    const parts = files.get(name) ?? []
    // Git lists in order of name, so parts come as 000, 001, …
    if (isPart ? Number(part[2]) !== parts.length : parts.length > 0) throw stranger(path)
    parts.push(blob)
    files.set(name, parts)
  }
  for (const [name, parts] of files) checkFile(name, parts)
  if (!files.has('format')) throw corrupt("the remote's data has no 'format' file")
  return files
}

/** The listing as a text that `readListing` reads. */
export function listingText(listing: Listing): string {
  let text = ''
  for (const [name, blobs] of listing)
    blobs.forEach(({ id, bytes }, i) => {
      text += `100644 blob ${id} ${bytes}\t${partName(name, i, blobs.length)}\0`
    })
  return text
}

export function partName(name: string, part: number, parts: number): string {
  return parts === 1 ? name : `${name}/${String(part).padStart(3, '0')}`
}

function readLine(line: string): { path: string; blob: Blob } {
  const match = /^(\d{6}) (\w+) ([0-9a-f]{40}) +(\d{1,12})\t(.*)$/s.exec(line)
  const [, mode, type, id, bytes, path] = match ?? []
  if (type !== 'blob' || mode !== '100644') throw stranger(path ?? line.slice(line.indexOf('\t') + 1))
  return { path: path!, blob: { id: id!, bytes: Number(bytes) } }
}

function checkFile(name: string, parts: readonly Blob[]): void {
  const kind = kinds.find((one) => one.name.test(name))
  if (kind === undefined) throw stranger(name)
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (bytes > kind.bytesMax)
    throw corrupt(`the remote's '${name}' is larger than such a file can be`, { bytes })
}

function stranger(path: string): VarveError {
  return corrupt(`the remote's data holds something else than a store: '${path.slice(0, 200)}'`, {
    path: path.slice(0, 200),
  })
}
