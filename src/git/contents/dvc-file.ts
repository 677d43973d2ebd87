// What a .dvc file says: the files and folders beside it that DVC keeps, by MD5. Format: DVC's documentation, "`.dvc`
// Files". Outputs that DVC does not keep, or elsewhere than beside the file, are none of its.
import { parse } from 'yaml'
import { isText, textFromBytes } from '../../files/text.ts'

const dvcFileBytesMax = 1 << 20

export interface DvcOut {
  /** Relative to the .dvc file's folder, with '/'. */
  readonly path: string
  readonly md5: string
  /** Its MD5 is that of a list of files. */
  readonly isFolder: boolean
}

/** null: something here cannot be told, and the file stays what it is. */
export function dvcOuts(bytes: Uint8Array): DvcOut[] | null {
  if (bytes.length > dvcFileBytesMax || !isText(bytes)) return null
  const said = parsedOrNull(textFromBytes(bytes))
  if (!isRecord(said) || !Array.isArray(said['outs'])) return null
  const { wdir = '.' } = said
  const outs = (said['outs'] as unknown[]).map((out) => outOf(out, wdir))
  return outs.includes(null) ? null : (outs as DvcOut[])
}

function outOf(out: unknown, wdir: unknown): DvcOut | null {
  if (!isRecord(out) || typeof wdir !== 'string') return null
  const { path, md5, cache = true } = out
  if (typeof path !== 'string' || typeof md5 !== 'string' || cache !== true) return null
  const named = /^([0-9a-f]{32})(\.dir)?$/.exec(md5)
  if (named === null || leadsAway(wdir) || leadsAway(path)) return null
  const place = plainPath(`${wdir}/${path}`)
  if (place === null) return null
  return { path: place, md5: named[1]!, isFolder: named[2] !== undefined }
}

/** One list of files, as DVC keeps it for a folder. */
export function dvcFolder(bytes: Uint8Array): { path: string; md5: string }[] | null {
  const said = parsedOrNull(Buffer.from(bytes).toString('utf8'), JSON.parse)
  if (!Array.isArray(said)) return null
  const files = (said as unknown[]).map((file) => {
    if (!isRecord(file)) return null
    const { relpath, md5 } = file
    const path = typeof relpath === 'string' ? plainPath(relpath) : null
    return path !== null && typeof md5 === 'string' && /^[0-9a-f]{32}$/.test(md5) ? { path, md5 } : null
  })
  return files.includes(null) ? null : (files as { path: string; md5: string }[])
}

/** An absolute path, a URL, or one of Windows. */
function leadsAway(path: string): boolean {
  return path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path) || path.includes('\\')
}

/** Without '.' parts; null: it leads out of its folder. */
function plainPath(path: string): string | null {
  if (leadsAway(path)) return null
  const parts = path.split('/').filter((part) => part !== '.' && part !== '')
  return parts.length === 0 || parts.includes('..') ? null : parts.join('/')
}

function parsedOrNull(text: string, parser: (text: string) => unknown = parsedYaml): unknown {
  try {
    return parser(text)
  } catch {
    return null
  }
}

/** Aliases could make a small text a large value. */
function parsedYaml(text: string): unknown {
  return parse(text, { maxAliasCount: 0 })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
