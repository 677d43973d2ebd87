// The files of a dataset, for fsck: whether each one's content is what its entry says. What is missing is passed over: of
// what is lost the store's own check tells, and what a partial clone left out is not lost.
import { isVarveError } from '../../base/errors.ts'
import { codecOf } from '../../encoding/cid.ts'
import type { FileContent, Path } from '../../files/interface.ts'
import { verifyContent } from '../../files/verify-content.ts'
import type { FsckProblem, ReadOptions } from '../../store/interface.ts'
import type { Repo } from '../interface.ts'
import { isHere } from './is-here.ts'

export interface FileAt {
  readonly path: Path
  readonly file: FileContent
}

/** One problem for each file at fault; `where` names the tree. */
export async function checkFiles(
  repo: Repo,
  files: readonly FileAt[],
  where: string,
  options: ReadOptions,
): Promise<FsckProblem[]> {
  const problems: FsckProblem[] = []
  const isSingle = ({ file }: FileAt): boolean => codecOf(file.content) === 'raw'
  const single = files.filter(isSingle)
  const present = await repo.store.has(single.map(({ file }) => file.content))
  const here = single.filter((_, i) => present[i])
  // Nearly all of them are sound, and are asked for together.
  const suspects = (await areSound(repo, here, options)) ? [] : here
  for (const { path, file } of [...suspects, ...files.filter((one) => !isSingle(one))]) {
    const what = await faultOf(repo, file, options)
    if (what !== null) problems.push({ where: `${where}, file '${path}'`, what })
  }
  return problems
}

async function areSound(repo: Repo, files: readonly FileAt[], options: ReadOptions): Promise<boolean> {
  try {
    const stored = await repo.store.getStored(
      files.map(({ file }) => file.content),
      options,
    )
    return files.every(({ file }, i) => stored[i]!.rawLength === file.size)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    return false
  }
}

async function faultOf(repo: Repo, file: FileContent, options: ReadOptions): Promise<string | null> {
  try {
    if (await isHere(repo.store, file.content)) await verifyContent(repo.nodes, file, options)
    return null
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    return error.message
  }
}
