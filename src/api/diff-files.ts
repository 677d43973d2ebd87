// What differs between two files, or between two folders, that no repository has: both are read into a store of their own,
// in a folder that is removed afterwards, and compared as two versions of a dataset are.
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'
import type { Cid } from '../encoding/cid.ts'
import { writeFile } from '../files/content.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { pathFromBytes, pathToBytes } from '../files/path.ts'
import { storedPath } from '../files/tree-check.ts'
import { Tree } from '../files/tree.ts'
import { NodeStore } from '../prolly/node-store.ts'
import { type PathDiff, diffDatasets } from '../repo/diff/diff.ts'
import type { Io } from '../repo/interface.ts'
import { columnarFormatOf } from '../dataset/columnar-name.ts'
import { DiskStore } from '../store/disk/store.ts'
import type { DiffOptions, OperationOptions } from './interface.ts'

export type DiffFilesOptions = OperationOptions & Pick<DiffOptions, 'context' | 'ignoreSpace' | 'renames'>

/** Folders of repositories are not what anybody wants to see compared. */
const passedOver = new Set(['.git', '.varve'])
/** Without content, and not there. */
const nothing = '/dev/null'

/**
 * From `a` to `b`: two files (pipes too), compared by what the name of `b` says they are, or else that of `a`; two folders, by
 * the paths in them; or a file and the folder that has one of its name.
 * @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE for a folder and nothing like it, VARVE_IO
 */
export async function* diffFiles(
  a: string,
  b: string,
  options: DiffFilesOptions = {},
): AsyncGenerator<PathDiff> {
  const [isFolderA, isFolderB] = [isFolder(a), isFolder(b)]
  const [from, to] = [
    isFolderA && !isFolderB && b !== nothing ? path.join(a, path.basename(b)) : a,
    isFolderB && !isFolderA && a !== nothing ? path.join(b, path.basename(a)) : b,
  ]
  const areFolders = isFolder(from) || isFolder(to)
  for (const one of [from, to])
    if (areFolders && !isFolder(one) && one !== nothing)
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${one}' is not a folder, but it is compared with one`, {
        data: { path: one },
        hint: 'name two files, or two folders',
      })
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-diff-'))
  try {
    const store = await DiskStore.create(path.join(dir, 'store'))
    try {
      const writer = store.writer()
      const io = { writer, nodes: new NodeStore(store).through(writer) }
      try {
        if (areFolders) {
          const trees = [await treeOfFolder(io, from, options), await treeOfFolder(io, to, options)] as const
          yield* diffDatasets(io.nodes, ...trees, { ...options, writer })
        } else yield* diffPair(io, from, to, options)
      } finally {
        await writer.abort()
      }
    } finally {
      await store.close()
    }
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

/** As two versions of one path: the format follows from its name. */
async function* diffPair(
  io: Io,
  from: string,
  to: string,
  options: DiffFilesOptions,
): AsyncGenerator<PathDiff> {
  const named = path.extname(to) === '' ? from : to
  const formats = [columnarFormatOf(from), columnarFormatOf(to)]
  const areUnlike = formats[0] !== formats[1] && !formats.includes(null)
  const known = path.basename(named === nothing ? (named === from ? to : from) : named)
  const name = areUnlike ? path.parse(known).name : known
  const treeOf = async (file: string): Promise<Cid> =>
    treeWith(io, file === nothing ? [] : [[name, await entryOf(io, file, { ...options, followed: true })]])
  const trees = [await treeOf(from), await treeOf(to)] as const
  for await (const diff of diffDatasets(io.nodes, ...trees, { ...options, writer: io.writer })) {
    const shown = diff.state === 'deleted' ? from : to
    const isMoved = diff.state !== 'added' && diff.state !== 'deleted' && from !== to
    const note = areUnlike ? { note: 'files of different formats are not compared by rows' } : {}
    yield { ...diff, ...note, path: shown, ...(isMoved ? { from } : {}) }
  }
}

async function treeOfFolder(io: Io, root: string, options: DiffFilesOptions): Promise<Cid> {
  if (root === nothing) return treeWith(io, [])
  const entries: [Path, TreeEntry][] = []
  const waiting: Path[] = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const item of itemsOf(root, folder)) {
      throwIfAborted(options.signal)
      const name = pathFromBytes(item.name)
      const known = folder === '' ? name : `${folder}/${name}`
      if (item.isDirectory()) {
        if (!passedOver.has(name)) waiting.push(known)
      } else if (item.isFile() || item.isSymbolicLink())
        entries.push([
          storedPath(known),
          await entryOf(io, nativeOf(root, known), { ...options, followed: false }),
        ])
      options.onProgress?.({ phase: `reading ${root}`, done: entries.length, total: 0, unit: 'files' })
    }
  }
  return treeWith(io, entries)
}

function itemsOf(root: string, folder: Path): fs.Dirent<Buffer>[] {
  const place = folder === '' ? root : nativeOf(root, folder)
  return reading(place, () => fs.readdirSync(place, { encoding: 'buffer', withFileTypes: true }))
}

/** Names are bytes. */
function nativeOf(root: string, known: Path): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), pathToBytes(known)])
}

async function treeWith(
  { nodes, writer }: Io,
  entries: readonly (readonly [Path, TreeEntry])[],
): Promise<Cid> {
  return (await Tree.empty(nodes, writer).update(writer, new Map(entries))).cid
}

async function entryOf(
  { writer }: Io,
  place: string | Buffer,
  { followed, signal }: DiffFilesOptions & { readonly followed: boolean },
): Promise<TreeEntry> {
  const stat = reading(place, () => (followed ? fs.statSync(place) : fs.lstatSync(place)))
  if (stat.isSymbolicLink())
    return { kind: 'symlink', target: reading(place, () => fs.readlinkSync(place, { encoding: 'buffer' })) }
  const executable = stat.isFile() && (stat.mode & 0o100) !== 0
  try {
    const content = await writeFile(writer, fs.createReadStream(place), { signal })
    return { kind: 'file', executable, ...content }
  } catch (error) {
    throw faultOf(error, place)
  }
}

function isFolder(place: string): boolean {
  return reading(place, () => fs.statSync(place)).isDirectory()
}

function reading<T>(place: string | Buffer, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw faultOf(error, place)
  }
}

function faultOf(error: unknown, place: string | Buffer): unknown {
  const name = place.toString()
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR')
    return systemFailure(error, `cannot read '${name}'`, name) ?? error
  return new VarveError('VARVE_PATH_NOT_FOUND', `no such file or folder: '${name}'`, {
    data: { path: name },
    cause: error,
    hint: 'name two files or two folders, from the folder that you are in',
  })
}
