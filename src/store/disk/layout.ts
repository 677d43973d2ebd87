// Where things lie in a store's directory, and its `format` file: the first thing read, so that a store of a later
// version is refused before anything in it is misread.
//
//   format   {"format":1,"features":{"read":[],"write":[]},"check":"…"} and a line feed; check is the first 16 hex
//            digits of the sha-256 of the same JSON without it
//   m/       manifests, named by their sequence in 20 digits
//   newest   the newest manifest's number and its file's sha-256 in hex, a space between them and a line feed behind: a
//            hint for readers that cannot list a folder, and perhaps an old one
//   packs/   ab/<sha-256>.pack, ab being the first two digits
//   idx/     <sha-256>.idx
//   tmp/     private names of files that are being written
import path from 'node:path'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { VarveError, corrupt } from '../../base/errors.ts'
import { sha256 } from '../../base/platform.ts'
import { toHex } from '../../base/bytes.ts'
import { readWhole } from './files.ts'
import { exists } from './exists.ts'

export function manifestName(sequence: number): string {
  return `m/${String(sequence).padStart(20, '0')}`
}

export const newestName = 'newest'
export const newestBytesMax = 128

export function newestHint(sequence: number, manifest: Uint8Array): Uint8Array {
  return utf8(`${sequence} ${toHex(sha256(manifest))}\n`)
}

/** Reads a hint; null when it is none. */
export function readNewestHint(bytes: Uint8Array): { sequence: number; digest: string } | null {
  const [, sequence, digest] =
    /^([1-9]\d{0,15}) ([0-9a-f]{64})\n$/.exec(Buffer.from(bytes).toString('latin1')) ?? []
  return sequence === undefined || digest === undefined ? null : { sequence: Number(sequence), digest }
}

export function packPath(name: string): string {
  return `packs/${name.slice(0, 2)}/${name}.pack`
}

export function segmentPath(name: string): string {
  return `idx/${name}.idx`
}

export function formatBytes(): Uint8Array {
  const facts = { format: 1, features: { read: [], write: [] } }
  const check = toHex(sha256(utf8(JSON.stringify(facts)))).slice(0, 16)
  return utf8(`${JSON.stringify({ ...facts, check })}\n`)
}

/** @throws VarveError VARVE_UNSUPPORTED_FORMAT, VARVE_CORRUPT, VARVE_NO_REPOSITORY */
export function checkFormat(dir: string): void {
  const file = path.join(dir, 'format')
  if (!exists(file)) {
    throw new VarveError('VARVE_NO_REPOSITORY', `no repository in '${dir}'`, {
      data: { path: dir },
      hint: "'varve init' makes one, 'varve clone' copies one",
    })
  }
  checkFormatBytes(readWhole(file, formatBytesMax), dir)
}

export const formatBytesMax: number = 64 << 10

/** As `checkFormat`, for a `format` file that lies elsewhere. */
export function checkFormatBytes(bytes: Uint8Array, where: string): void {
  if (Buffer.compare(bytes, formatBytes()) === 0) return
  const { format, features, check } = parse(bytes)
  if (Number.isSafeInteger(format) && Number(format) > 1) throw unsupported(where, `format ${String(format)}`)
  if (check !== toHex(sha256(utf8(JSON.stringify({ format, features })))).slice(0, 16)) {
    throw corrupt("the store's 'format' file is damaged", { where })
  }
  const { read, write } = features as { read: string[]; write: string[] }
  throw unsupported(where, `the features ${[...read, ...write].join(', ')}`)
}

function parse(bytes: Uint8Array): { format?: unknown; features?: unknown; check?: unknown } {
  try {
    return JSON.parse(utf8Text(bytes)) as object
  } catch (cause) {
    throw corrupt("the store's 'format' file is damaged", {}, cause)
  }
}

function unsupported(where: string, what: string): VarveError {
  return new VarveError(
    'VARVE_UNSUPPORTED_FORMAT',
    `'${where}' needs ${what}, which this version does not know`,
    {
      hint: 'use the version of varve that wrote it, or a newer one',
    },
  )
}
