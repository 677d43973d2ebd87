// varve.yaml, the dataset's own settings, committed with it: which files are tables and by which key. Most commands need
// no more than to know that it is not there: the parser of YAML is loaded when it is.
import * as fs from 'node:fs'
import { VarveError } from '../base/errors.ts'
import { type DatasetConfig, configFileName } from '../dataset/interface.ts'
import { errnoOf, fsFault } from './native.ts'

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
      links: new Map(),
      derivations: new Map(),
    }
  }
  const { parseConfig } = await import('../dataset/config.ts')
  return parseConfig(text)
}

export function configText(root: string): string {
  try {
    const place = `${root}/${configFileName}`
    if (fs.statSync(place).size > configBytesMax) {
      throw new VarveError(
        'VARVE_RULE_VIOLATED',
        `'${configFileName}' is longer than ${configBytesMax} bytes`,
      )
    }
    return fs.readFileSync(place, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return ''
    throw fsFault(error, configFileName, 'reading')
  }
}
