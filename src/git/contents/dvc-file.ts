// What DVC's files in Git say: a .dvc file names the files and folders beside it that DVC keeps, by MD5, and a dvc.lock those
// that the stages of the dvc.yaml beside it have made. Formats: DVC's documentation, "`.dvc` Files" and "`dvc.yaml` Files".
import { parse } from 'yaml'
import { isText, textFromBytes } from '../../files/text.ts'

const dvcFileBytesMax = 16 << 20

export interface DvcOut {
  /** From the root of Git's files, as bytes. */
  readonly pathBytes: string
  readonly md5: string
  /** Its MD5 is that of a list of files. */
  readonly isFolder: boolean
}

/** `folder`: where the file lies, as bytes. null: something here cannot be told, and the file stays what it is. */
export function dvcOuts(bytes: Uint8Array, folder = ''): DvcOut[] | null {
  const said = recordIn(bytes)
  if (said === null || !Array.isArray(said['outs'])) return null
  return allOf(said['outs'] as unknown[], folder, said['wdir'])
}

/** As above. `pipeline`: the dvc.yaml beside it, which says in which folder a stage runs; null: there is none. */
export function lockedOuts(bytes: Uint8Array, pipeline: Uint8Array | null, folder = ''): DvcOut[] | null {
  const said = recordIn(bytes)
  if (said === null || !isRecord(said['stages'])) return null
  const declared = pipeline === null ? null : recordIn(pipeline)?.['stages']
  const outs: DvcOut[] = []
  for (const [name, stage] of Object.entries(said['stages'])) {
    if (!isRecord(stage)) return null
    const own = isRecord(declared) ? (declared[name] ?? declared[name.split('@', 1)[0]!]) : undefined
    const wdir = isRecord(own) ? (own['wdir'] ?? (isRecord(own['do']) ? own['do']['wdir'] : undefined)) : '.'
    const made = allOf(Array.isArray(stage['outs']) ? stage['outs'] : [], folder, wdir)
    if (made === null) return null
    outs.push(...made)
  }
  return outs
}

function allOf(said: readonly unknown[], folder: string, wdir: unknown = '.'): DvcOut[] | null {
  const outs = said.map((out) => outOf(out, folder, wdir))
  return outs.includes(null) ? null : (outs as DvcOut[])
}

/** Outputs that DVC does not keep, or keeps outside of this folder's repository, do not count. */
function outOf(out: unknown, folder: string, wdir: unknown): DvcOut | null {
  if (!isRecord(out) || typeof wdir !== 'string') return null
  const { path, md5, cache = true } = out
  if (typeof path !== 'string' || typeof md5 !== 'string' || cache !== true) return null
  const named = /^([0-9a-f]{32})(\.dir)?$/.exec(md5)
  if (named === null || leadsAway(wdir) || leadsAway(path)) return null
  const pathBytes = within(folder, `${wdir}/${path}`)
  return pathBytes === null ? null : { pathBytes, md5: named[1]!, isFolder: named[2] !== undefined }
}

/** Reads the list of files that DVC keeps for a folder. */
export function dvcFolder(bytes: Uint8Array, folder = ''): DvcOut[] | null {
  const said = parsedOrNull(Buffer.from(bytes).toString('utf8'), JSON.parse)
  if (!Array.isArray(said)) return null
  const files = (said as unknown[]).map((file): DvcOut | null => {
    if (!isRecord(file)) return null
    const { relpath, md5 } = file
    if (typeof relpath !== 'string' || leadsAway(relpath) || relpath.split('/').includes('..')) return null
    const pathBytes = within(folder, relpath)
    const isNamed = typeof md5 === 'string' && /^[0-9a-f]{32}$/.test(md5)
    return pathBytes !== null && isNamed ? { pathBytes, md5, isFolder: false } : null
  })
  return files.includes(null) ? null : (files as DvcOut[])
}

/** An absolute path, a URL, one of Windows, or one with a variable of DVC's. */
function leadsAway(path: string): boolean {
  return path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path) || /\\|\$\{/.test(path)
}

/** A path in a folder, without '.' and '..'; null: it leads out of the root, or is the root. */
function within(folder: string, path: string): string | null {
  const parts: string[] = []
  for (const part of [...folder.split('/'), ...Buffer.from(path, 'utf8').toString('latin1').split('/')]) {
    if (part === '.' || part === '') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return null
  }
  return parts.length === 0 ? null : parts.join('/')
}

function recordIn(bytes: Uint8Array): Record<string, unknown> | null {
  if (bytes.length > dvcFileBytesMax || !isText(bytes)) return null
  const said = parsedOrNull(textFromBytes(bytes))
  return isRecord(said) ? said : null
}

function parsedOrNull(text: string, parser: (text: string) => unknown = parsedYaml): unknown {
  try {
    return parser(text)
  } catch {
    return null
  }
}

/** Reads YAML without aliases, which could make a small text a large value. */
function parsedYaml(text: string): unknown {
  return parse(text, { maxAliasCount: 0 })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
