import { compareBytes, utf8 } from '../../src/base/bytes.ts'
import { cidOf } from '../../src/encoding/cid.ts'
import type { FileEntry, Path, TreeEntry } from '../../src/files/interface.ts'
import { pathToBytes } from '../../src/files/path.ts'
import { Tree } from '../../src/files/tree.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'

export interface Bench {
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
  readonly empty: Tree
}

export function bench(): Bench {
  const writer = MemoryStore.create().writer()
  const nodes = new NodeStore(writer)
  return { writer, nodes, empty: Tree.empty(nodes, writer) }
}

/** A file entry whose content is not stored: trees do not look at it. */
export function fileOf(text: string): FileEntry {
  return { kind: 'file', executable: false, size: text.length, content: cidOf('raw', utf8(text)) }
}

export function filesOf(files: Readonly<Record<Path, string | null>>): Map<Path, TreeEntry | null> {
  return new Map(Object.entries(files).map(([path, text]) => [path, text === null ? null : fileOf(text)]))
}

export async function treeOf(files: Readonly<Record<Path, string>>, { empty, writer }: Bench): Promise<Tree> {
  return empty.update(writer, filesOf(files))
}

export async function pathsOf(tree: Tree, prefix?: Path): Promise<Path[]> {
  const paths: Path[] = []
  for await (const entries of tree.scan({ prefix })) paths.push(...entries.map(({ path }) => path))
  return paths
}

export function byBytes(a: Path, b: Path): number {
  return compareBytes(pathToBytes(a), pathToBytes(b))
}
