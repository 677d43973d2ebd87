// Commits, tags, merge states and conflicts (docs/FORMAT.md).
import {
  type Fields,
  type Name,
  type Value,
  bytesOf,
  check,
  decode,
  fields,
  link,
  list,
  number,
  string,
} from './bytes.ts'
import { type StoredEntry, readEntry, readFile, readPathTree } from './files.ts'
import { type Objects, kinds, readTree } from './prolly.ts'
import { render } from './render.ts'
import { readTable } from './tables.ts'

export interface StoredCommit {
  readonly tree: Name
  readonly parents: readonly Name[]
  readonly author: string
  readonly message: string
  readonly generation: number
  readonly extra: Fields
}

export function readCommit(objects: Objects, name: Name): StoredCommit {
  const commit = fields(decode(objects.object(name), 'a commit'), 'a commit')
  const expected = 'author committer extra gen message parents tree v'
  const { signature, ...rest } = commit
  check(rest['v'] === 1 && Object.keys(rest).sort().join(' ') === expected, 'a commit has its fields')
  if (signature !== undefined) check(string(signature, 'signature').length <= 65_536, 'a signature is short')
  const parents = list(commit['parents'], 'parents').map((parent) => link(parent, 'a parent'))
  const generation = number(commit['gen'], 'gen')
  const below = parents.map((parent) =>
    number(fields(decode(objects.object(parent), 'parent'), 'parent')['gen'], 'gen'),
  )
  check(generation === 1 + Math.max(0, ...below), 'a generation is 1 + the largest of the parents’')
  const [author, email, time, zone] = list(commit['author'], 'author')
  check(Number.isSafeInteger(time) && Number.isSafeInteger(zone), 'time and zone are integers')
  return {
    tree: link(commit['tree'], 'tree'),
    parents,
    author: `${string(author, 'name')} <${string(email, 'email')}>`,
    message: string(commit['message'], 'message'),
    generation,
    extra: fields(commit['extra'], 'extra'),
  }
}

export function readTag(objects: Objects, name: Name): { object: Name; name: string; message: string } {
  const tag = fields(decode(objects.object(name), 'a tag'), 'a tag')
  // Its fields tell a tag from a commit, whatever number it bears.
  check(list(tag['tagger'], 'tagger').length === 4, 'a tag has its fields')
  return {
    object: link(tag['object'], 'object'),
    name: string(tag['name'], 'name'),
    message: string(tag['message'], 'message'),
  }
}

/** The bytes that a checkout of this entry has; of a symlink its target. */
export function bytesOfEntry(objects: Objects, entry: StoredEntry): Uint8Array {
  if (entry.kind === 'symlink') return entry.target
  return entry.kind === 'file' ? readFile(objects, entry) : render(readTable(objects, entry.content!))
}

/** A path tree as a checkout would be, with `x` for executable files and `l` for symlinks. */
export function checkedOut(objects: Objects, tree: Name): Map<string, { mode: string; bytes: Uint8Array }> {
  const paths = [...readPathTree(objects, tree)]
  return new Map(
    paths.map(([path, entry]) => {
      const mode = entry.kind === 'symlink' ? 'l' : entry.executable ? 'x' : ''
      return [path, { mode, bytes: bytesOfEntry(objects, entry) }]
    }),
  )
}

export interface StoredConflict {
  readonly number: number
  readonly kind: number
  readonly path: string
  readonly key: Uint8Array
  readonly text: string
  /** base, ours and theirs. */
  readonly sides: readonly (StoredSide | null)[]
}

export interface StoredSide {
  readonly bytes: Uint8Array
  readonly links: readonly Name[]
}

export function readConflicts(objects: Objects, root: Name): StoredConflict[] {
  return readTree(objects, root, kinds.map).map(({ key, value, links }) => {
    const [kind, path, row, about, sides] = list(decode(value, 'a conflict'), 'a conflict')
    const left = [...links]
    const conflict = {
      number: Buffer.from(key).readUInt32BE(0),
      kind: number(kind, 'kind'),
      path: Buffer.from(bytesOf(path, 'path')).toString('latin1'),
      key: bytesOf(row, 'row key'),
      text: string(about, 'text'),
      sides: list(sides, 'sides').map((side) => readSide(objects, side, left)),
    }
    check(key.length === 4 && conflict.sides.length === 3 && left.length === 0, 'a conflict has three sides')
    return conflict
  })
}

function readSide(objects: Objects, side: Value, left: Name[]): StoredSide | null {
  if (side === null) return null
  const [bytes, count] = list(side, 'a side')
  const links = left.splice(0, number(count, 'count'))
  if (bytes !== null) return { bytes: bytesOf(bytes, 'bytes'), links }
  const large = objects.object(links[0]!)
  check(large.length > 1024, 'only a large side is an object')
  return { bytes: large, links: links.slice(1) }
}

/** The bytes of the file that a side of a conflict about a file is. */
export function fileOfSide(objects: Objects, side: StoredSide): Uint8Array {
  return bytesOfEntry(objects, readEntry({ value: side.bytes, links: side.links }))
}
