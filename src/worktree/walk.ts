// Walks the worktree: every file and symlink below the given paths, folder by folder, without following symlinks.
// Nested repositories and what .varveignore names are passed over. Folders are read synchronously on purpose: 100,000
// files take about 0.5 s so, and several seconds by promises.
import { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import { systemFailure } from '../base/system-error.ts'
import { takeTurn } from '../base/turns.ts'
import type { Path } from '../files/interface.ts'
import { pathFromBytes } from '../files/path.ts'
import { type RuleStack, ignoreFileName, isIgnored, isOwnName, rulesOfFolder } from './ignore-rules.ts'
import { PathLookup, errnoOf, foldersAbove, lstatOrNull, nativePath, parentOf } from './native.ts'

export interface WalkVisitor {
  /** Each file and anything else that is not a folder, folder by folder; `place` is its path for the file system. */
  file(folder: Path, name: string, place: string | Buffer): void
  /** Called for a folder that is a repository of its own. */
  repository(folder: Path): void
  /** Each folder that is walked, before what is in it. */
  folder?(folder: Path): void
  /** Whether a folder below a start is walked; default: it is. */
  enters?(folder: Path): boolean
  /** What the rules name, and what is our own: not looked into. */
  passedOver?(path: Path, isFolder: boolean): void
}

export interface WalkOptions {
  /** What the rules name as well; default: it is passed over. */
  readonly ignored?: boolean
}

/** @throws VarveError VARVE_IO, and for a rule file that is too long VARVE_RULE_VIOLATED */
export async function walkWorktree(
  root: string,
  starts: readonly Path[],
  visitor: WalkVisitor,
  signal: AbortSignal | undefined,
  options: WalkOptions = {},
): Promise<void> {
  const lookup = new PathLookup(root)
  for (const start of starts) await walkFrom(root, start, { lookup, visitor, signal, ...options })
}

interface Walk extends WalkOptions {
  readonly lookup: PathLookup
  readonly visitor: WalkVisitor
  readonly signal: AbortSignal | undefined
}

async function walkFrom(root: string, start: Path, context: Walk): Promise<void> {
  const { lookup, visitor, ignored } = context
  const stat = start === '' ? lstatOrNull(root, '') : lookup.look(start)
  if (stat === null) return
  if (start.split('/').some(isOwnName)) return
  let rules: RuleStack | null = null
  for (const folder of start === '' || ignored === true ? [] : ['', ...foldersAbove(start)]) {
    if (lstatOrNull(root, folder === '' ? ignoreFileName : `${folder}/${ignoreFileName}`) !== null) {
      rules = rulesOfFolder(root, folder, rules)
    }
    if (folder !== '' && isIgnored(rules, folder, 'folder'))
      return visitor.passedOver?.(start, stat.isDirectory())
  }
  if (start !== '' && isIgnored(rules, start, stat.isDirectory() ? 'folder' : 'file'))
    return visitor.passedOver?.(start, stat.isDirectory())
  if (stat.isDirectory()) await walk(root, { folder: start, rules }, context)
  else visitor.file(parentOf(start), start.slice(start.lastIndexOf('/') + 1), nativePath(root, start))
}

interface Place {
  readonly folder: Path
  readonly rules: RuleStack | null
}

/** Depth-first with a list of our own: a folder may be deeper than the call stack. */
async function walk(root: string, start: Place, { visitor, signal, ignored }: Walk): Promise<void> {
  const waiting: Place[] = [start]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    await takeTurn(signal)
    const { folder } = next
    const place = nativePath(root, folder)
    const entries = readFolder(folder === '' ? root : folder, place)
    if (folder !== '' && entries.some(({ name }) => name === '.varve' || name === '.git')) {
      visitor.repository(folder)
      continue
    }
    visitor.folder?.(folder)
    const hasRules = ignored !== true && entries.some(({ name }) => name === ignoreFileName)
    const rules = hasRules ? rulesOfFolder(root, folder, next.rules) : next.rules
    const prefix = folder === '' ? '' : `${folder}/`
    for (const entry of entries) {
      const { name } = entry
      const isFolder = entry.isDirectory()
      const isOurs = isOwnName(name)
      if (isOurs || (rules !== null && isIgnored(rules, prefix + name, isFolder ? 'folder' : 'file'))) {
        visitor.passedOver?.(prefix + name, isFolder)
        continue
      }
      if (isFolder) {
        if (visitor.enters?.(prefix + name) !== false) waiting.push({ folder: prefix + name, rules })
      } else visitor.file(folder, name, entry.place ?? `${place as string}/${name}`)
    }
  }
}

interface FolderEntry {
  readonly name: string
  /** Set if the name, or that of its folder, is not UTF-8. */
  readonly place?: Buffer
  isDirectory(): boolean
}

function readFolder(folder: string, place: string | Buffer): FolderEntry[] {
  try {
    const entries = fs.readdirSync(place, { withFileTypes: true })
    // Only a name that is not UTF-8 has this character, or one that was given it: such folders are read as bytes.
    const isText = typeof place === 'string' && !entries.some(({ name }) => name.includes('\ufffd'))
    return isText ? entries : readAsBytes(place)
  } catch (error) {
    // It may be gone since its parent was read.
    if (errnoOf(error) === 'ENOENT') return []
    const nextStep = `make it readable; if it is none of the data, name it in ${ignoreFileName}: '/${folder}/'`
    throw systemFailure(error, `reading '${folder}' failed`, folder, nextStep) ?? error
  }
}

function readAsBytes(place: string | Buffer): FolderEntry[] {
  const options = { encoding: 'buffer', withFileTypes: true } as const
  const entries = fs.readdirSync(place, options) as unknown as fs.Dirent<Buffer>[]
  const prefix = Buffer.concat([Buffer.from(place as Buffer), Buffer.from('/')])
  return entries.map((entry) => ({
    name: pathFromBytes(entry.name),
    place: Buffer.concat([prefix, entry.name]),
    isDirectory: () => entry.isDirectory(),
  }))
}
