// varve.yaml as a tree holds it. The parser of YAML is loaded where there is one.
import { concatBytes, utf8Text } from '../base/bytes.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { collect } from '../base/iterables.ts'
import type { TreeEntry } from '../files/interface.ts'
import { readFile } from '../files/read.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { type DatasetConfig, configFileName } from './interface.ts'

const configBytesMax = 1 << 20

/** @throws VarveError VARVE_RULE_VIOLATED where it cannot be read */
export async function storedConfig(
  nodes: NodeStore,
  entry: TreeEntry | null,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<DatasetConfig | null> {
  if (entry?.kind !== 'file') return null
  if (entry.size > configBytesMax)
    throw new VarveError('VARVE_RULE_VIOLATED', `${configFileName} is longer than ${configBytesMax} bytes`, {
      hint: 'shorten it: a pattern can stand for many tables',
    })
  const bytes = concatBytes(await collect(readFile(nodes, entry, options)))
  const { parseConfig } = await import('./config.ts')
  try {
    return parseConfig(utf8Text(bytes))
  } catch (error) {
    if (isVarveError(error)) throw error
    throw new VarveError('VARVE_RULE_VIOLATED', `${configFileName} is not UTF-8`, {
      cause: error,
      hint: 'save it as UTF-8, then commit it',
    })
  }
}
