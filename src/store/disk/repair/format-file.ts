// The `format` file has one content in this version, so a damaged one can be written again. One that truly names another
// format, with the digest that fits it, is a newer program's and is refused.
import fs from 'node:fs'
import path from 'node:path'
import { isVarveError } from '../../../base/errors.ts'
import { utf8Text } from '../../../base/bytes.ts'
import type { FsckProblem } from '../../interface.ts'
import { syncDir, writeTmp } from '../files.ts'
import { checkFormat, formatBytes } from '../layout.ts'
import type { Quarantine } from './quarantine.ts'

/** @throws VarveError VARVE_UNSUPPORTED_FORMAT */
export async function repairFormat(dir: string, aside: Quarantine, done: FsckProblem[]): Promise<void> {
  const what = formatFault(dir)
  if (what === null) return
  await aside.replace('format', await writeTmp(dir, formatBytes()))
  await syncDir(dir)
  done.push({ where: 'format', what: `${what}: written again` })
}

function formatFault(dir: string): string | null {
  try {
    checkFormat(dir)
    return null
  } catch (error) {
    if (isVarveError(error, 'VARVE_NO_REPOSITORY')) return 'the file is missing'
    if (isVarveError(error, 'VARVE_CORRUPT')) return 'the file is damaged'
    if (isVarveError(error, 'VARVE_UNSUPPORTED_FORMAT') && hasOurDigest(dir)) return 'the file is damaged'
    throw error
  }
}

/** Whether the file has the digest of our format. A newer format would have another. */
function hasOurDigest(dir: string): boolean {
  const ours = (JSON.parse(utf8Text(formatBytes())) as { check: string }).check
  return fs.readFileSync(path.join(dir, 'format')).includes(ours)
}
