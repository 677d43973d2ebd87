// What a path tree promises beyond being a sound prolly map: safe paths, well-formed entries, and no path that is a
// file and a directory at once. Asked of every tree that comes from outside.
import { type VarveError, corrupt, isVarveError } from '../base/errors.ts'
import { entryAt, keyAt } from '../prolly/entry-batch.ts'
import type { ReadOptions } from '../store/interface.ts'
import { ClashFinder } from './clash.ts'
import { decodeEntry } from './entry.ts'
import { pathFromBytes, safePath } from './path.ts'
import type { Path } from './interface.ts'
import type { Tree } from './tree.ts'

/** @throws VarveError VARVE_CORRUPT that names the first fault. Check the map itself with prolly's `verifyTree`. */
export async function verifyPaths(tree: Tree, options: ReadOptions = {}): Promise<void> {
  const clashes = new ClashFinder()
  for await (const batch of tree.map.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const key = keyAt(batch, i)
      try {
        safePath(pathFromBytes(key))
        clashes.next(key)
      } catch (cause) {
        throw isVarveError(cause, 'VARVE_RULE_VIOLATED') ? unfit(cause) : cause
      }
      decodeEntry(entryAt(batch, i))
    }
  }
}

/**
 * The path, about to be written or removed because a tree says so. A repository that came as a folder was never received
 * by a fetch, so nobody has asked yet. @throws VarveError VARVE_CORRUPT
 */
export function storedPath(path: Path): Path {
  try {
    return safePath(path)
  } catch (cause) {
    throw isVarveError(cause, 'VARVE_RULE_VIOLATED') ? unfit(cause) : cause
  }
}

function unfit(cause: VarveError): VarveError {
  return corrupt(`tree holds what no tree may hold: ${cause.message}`, cause.data, cause)
}
