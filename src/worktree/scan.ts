// Walks the worktree: every file and symlink below the given paths, with its stat, folder by folder, without following
// symlinks. Sockets, devices, nested repositories and names that no tree can hold are reported, not silently dropped.
// It is synchronous on purpose: 100,000 files take about 0.6 s so, and several seconds by promises.
import type { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import { isVarveError, throwIfAborted } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { pathFault, pathFromBytes, safePath } from '../files/path.ts'
import { type RuleStack, ignoreFileName, isIgnored, isOwnName, rulesOfFolder } from './ignore-rules.ts'
import type { SkippedPath } from './interface.ts'
import { Looker, errnoOf, foldersAbove, fsFault, lstatOrNull, nativePath } from './native.ts'

export interface FileStat {
  readonly kind: 'file' | 'symlink'
  readonly executable: boolean
  readonly size: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: bigint
}

export interface Scan {
  readonly files: Map<Path, FileStat>
  readonly skipped: SkippedPath[]
}

export interface ScanOptions {
  /** Paths to begin at; '' is the root, and the default. */
  readonly from?: readonly Path[]
  /** Tracked paths are found even where the rules ignore them. */
  readonly tracked?: Iterable<Path>
  readonly signal?: AbortSignal | undefined
}

const readOptions = { encoding: 'buffer', withFileTypes: true } as const

export function fileStatOf(stat: fs.BigIntStats): FileStat | null {
  const kind = stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'symlink' : null
  if (kind === null) return null
  return {
    kind,
    executable: kind === 'file' && (stat.mode & 0o100n) !== 0n,
    size: Number(stat.size),
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
    ino: stat.ino,
  }
}

export function scanWorktree(root: string, options: ScanOptions = {}): Scan {
  const scan: Scan = { files: new Map(), skipped: [] }
  const looker = new Looker(root)
  for (const start of options.from ?? ['']) scanFrom(root, start, looker, scan, options.signal)
  for (const path of options.tracked ?? []) {
    if (scan.files.has(path)) continue
    const stat = looker.look(path)
    const file = stat === null ? null : fileStatOf(stat)
    if (file !== null) scan.files.set(path, file)
  }
  return scan
}

function scanFrom(
  root: string,
  start: Path,
  looker: Looker,
  scan: Scan,
  signal: AbortSignal | undefined,
): void {
  const stat = start === '' ? lstatOrNull(root, '') : looker.look(start)
  if (stat === null) return
  if (start.split('/').some(isOwnName)) return
  let stack: RuleStack | null = null
  for (const folder of start === '' ? [] : ['', ...foldersAbove(start)]) {
    if (lstatOrNull(root, folder === '' ? ignoreFileName : `${folder}/${ignoreFileName}`) !== null) {
      stack = rulesOfFolder(root, folder, stack)
    }
    if (folder !== '' && isIgnored(stack, folder, 'folder')) return
  }
  if (start !== '' && isIgnored(stack, start, stat.isDirectory() ? 'folder' : 'file')) return
  if (stat.isDirectory()) walk(root, start, stack, scan, signal)
  else takeFile(start, stat, scan)
}

/** Depth-first with a list of our own: a folder may be deeper than the call stack. */
function walk(
  root: string,
  start: Path,
  startRules: RuleStack | null,
  scan: Scan,
  signal: AbortSignal | undefined,
): void {
  const waiting: { folder: Path; rules: RuleStack | null }[] = [{ folder: start, rules: startRules }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    throwIfAborted(signal)
    const { folder } = next
    const entries = readFolder(root, folder)
    if (folder !== '' && entries.some((entry) => isRepositoryMark(entry))) {
      scan.skipped.push({ path: `${folder}/`, reason: 'is a repository of its own' })
      continue
    }
    const hasRules = entries.some(
      (entry) => entry.name.length === ignoreFileName.length && nameOf(entry) === ignoreFileName,
    )
    const rules = hasRules ? rulesOfFolder(root, folder, next.rules) : next.rules
    for (const entry of entries) {
      const name = nameOf(entry)
      if (isOwnName(name)) continue
      const path = folder === '' ? name : `${folder}/${name}`
      const isFolder = entry.isDirectory()
      if (rules !== null && isIgnored(rules, path, isFolder ? 'folder' : 'file')) continue
      if (isFolder) {
        waiting.push({ folder: path, rules })
        continue
      }
      const stat = lstatOrNull(root, path)
      if (stat !== null) takeFile(path, stat, scan)
    }
  }
}

function takeFile(path: Path, stat: fs.BigIntStats, scan: Scan): void {
  const file = fileStatOf(stat)
  const fault = file === null ? 'is not a file, folder or symlink' : faultOf(path)
  if (fault !== null) scan.skipped.push({ path, reason: fault })
  else scan.files.set(path, file!)
}

/** Nearly all paths are plain, and safePath sees that at a glance. */
function faultOf(path: Path): string | null {
  try {
    safePath(path)
    return null
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    return pathFault(path)
  }
}

function readFolder(root: string, folder: Path): fs.Dirent<Buffer>[] {
  try {
    return fs.readdirSync(nativePath(root, folder), readOptions) as unknown as fs.Dirent<Buffer>[]
  } catch (error) {
    // It may be gone since its parent was read.
    if (errnoOf(error) === 'ENOENT') return []
    throw fsFault(error, folder === '' ? root : folder, 'reading')
  }
}

function nameOf(entry: fs.Dirent<Buffer>): string {
  return pathFromBytes(entry.name)
}

function isRepositoryMark(entry: fs.Dirent<Buffer>): boolean {
  if (entry.name[0] !== 0x2e || entry.name.length > 6) return false
  const name = nameOf(entry)
  return name === '.varve' || name === '.git'
}
