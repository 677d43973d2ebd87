// The hint 'newest' is written right after each manifest, so it may be old but is never ahead. Where it names the number
// behind the last one, that manifest was there and is gone: with a power cut, before its command returned; else by damage.
import path from 'node:path'
import { isVarveError } from '../../base/errors.ts'
import { isMissing, readWhole } from './files.ts'
import { newestBytesMax, newestName, readNewestHint } from './layout.ts'
import { ManifestLog } from './log.ts'

/** The number of the manifest that is gone; null when all is well, as far as a hint can tell. */
export function hintedNewest(dir: string): number | null {
  try {
    const hint = readNewestHint(readWhole(path.join(dir, newestName), newestBytesMax))
    const last = new ManifestLog(dir).sequences().at(-1) ?? 0
    // Another number than the next one, or the digest of one that is there: then it is the hint that is damaged.
    if (hint === null || hint.sequence !== last + 1) return null
    return hint.sequence
  } catch (error) {
    if (isMissing(error) || isVarveError(error, 'VARVE_CORRUPT')) return null
    throw error
  }
}
