// varve.yaml, the dataset's own settings, committed with it: which files are tables and by which key. Most commands need
// no more than to know that it is not there: the parser of YAML is loaded when it is.
import { Buffer } from 'node:buffer'
import { VarveError } from '../base/errors.ts'
import { type DatasetConfig, configFileName } from '../dataset/interface.ts'
import { lstatOrNull } from './native.ts'
import { readSmall } from './read-file.ts'

const configBytesMax = 1 << 20

/** @throws VarveError VARVE_RULE_VIOLATED with the line in `data` */
export async function readConfig(root: string): Promise<DatasetConfig> {
  const text = configText(root)
  if (text === '') {
    return {
      isEmpty: true,
      tableAt: () => null,
      fileAt: () => null,
      referencesAt: () => new Map(),
      policiesAt: () => null,
      rulesAt: () => null,
      ruledPaths: [],
      links: new Map(),
      derivations: new Map(),
    }
  }
  const { parseConfig } = await import('../dataset/config.ts')
  return parseConfig(text)
}

/** A symlink is not followed: it comes with the dataset, and could lead to a device that never ends. */
export function configText(root: string): string {
  const stat = lstatOrNull(root, configFileName)
  if (stat === null) return ''
  if (!stat.isFile())
    throw unfit('is not a file', `make '${configFileName}' a file of its own; symlinks are not followed`)
  const read = readSmall(root, configFileName, new Uint8Array(configBytesMax))
  if (read === null) throw unfit(`is longer than ${configBytesMax} bytes`)
  return Buffer.from(read.bytes).toString('utf8')
}

function unfit(why: string, hint?: string): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `'${configFileName}' ${why}`, {
    data: { path: configFileName },
    ...(hint === undefined ? {} : { hint }),
  })
}
