// A table that a merge put elsewhere than it was added, because its folder was renamed, takes its entry in varve.yaml
// along: with the old path there it would be no table any more.
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts'
import { isVarveError } from '../base/errors.ts'
import { collect } from '../base/iterables.ts'
import { configFileName } from '../dataset/interface.ts'
import { writeBytes } from '../files/content.ts'
import type { Path } from '../files/interface.ts'
import { formatOfPath } from '../formats/formats.ts'
import { readFile } from '../files/read.ts'
import type { Tree } from '../files/tree.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'

export async function followSettings(
  writer: ObjectWriter,
  tree: Tree,
  relocated: ReadonlyMap<Path, Path>,
  options: ReadOptions = {},
): Promise<Tree> {
  if (relocated.size === 0) return tree
  const entry = await tree.get(configFileName, options)
  if (entry?.kind !== 'file') return tree
  const text = utf8Text(concatBytes(await collect(readFile(tree.map.nodes, entry, options))))
  const changed = await renamed(text, relocated)
  if (changed === null) return tree
  const content = writeBytes(writer, utf8(changed))
  return tree.update(writer, new Map([[configFileName, { ...entry, ...content }]]), options)
}

async function renamed(text: string, relocated: ReadonlyMap<Path, Path>): Promise<string | null> {
  // Loaded on use: most merges relocate nothing, and a parser of YAML takes a while to load.
  const { renamedTables } = await import('../dataset/rename-tables.ts')
  try {
    return renamedTables(text, relocated, formatOfPath)
  } catch (error) {
    // A file that nobody can read says of no table that it is one.
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}
