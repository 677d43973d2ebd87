// Checks a pack file that is in no index, all at once: this runs in a worker thread, so that a server can answer others
// while a large pack is hashed. Errors cannot be passed between threads as objects, so damage is returned as text.
import { isVarveError } from '../../base/errors.ts'
import type { CheckedPack } from '../interface.ts'
import { checkPack } from './check-pack.ts'
import { unknownPack } from './whole-pack.ts'

export interface FileCheck {
  /** null where it cannot be taken whole, or is damaged. */
  readonly checked: CheckedPack | null
  readonly damage: { readonly message: string; readonly cid: string | null } | null
}

/** @throws VarveError VARVE_IO */
export async function checkPackFile(file: string): Promise<FileCheck> {
  const pack = unknownPack(file)
  if (pack === null) return { checked: null, damage: null }
  try {
    return { checked: await checkPack(pack, {}), damage: null }
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    const cid = error.data['cid']
    return { checked: null, damage: { message: error.message, cid: typeof cid === 'string' ? cid : null } }
  }
}
