import { concatBytes } from '../../base/bytes.ts'
import { formOf } from '../../documents/form.ts'
import { guessKey } from '../../documents/tables/guess-key.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { readSteady } from '../read-file.ts'
import { existingFile } from './track.ts'

/** A larger file would keep waiting whoever only wants a hint. */
const guessBytesMax = 32 << 20

/** As `guessKey`, for a file in the working folder. @throws VarveError VARVE_PATH_NOT_FOUND */
export async function guessFileKey(
  worktree: Worktree,
  named: string,
  options: WorktreeOptions = {},
): Promise<readonly string[] | null> {
  const path = existingFile(worktree, named)
  const { result } = await readSteady(
    worktree.root,
    path,
    async (source, { size }) => {
      if (size > guessBytesMax || formOf(path) !== 'table') return null
      const parts: Uint8Array[] = []
      for await (const part of source) parts.push(part)
      return guessKey(concatBytes(parts), { name: path })
    },
    options,
  )
  return result
}
