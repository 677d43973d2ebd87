// Files that a Git repository keeps in the same folder: of Varve they may be untracked, and are nobody's rubbish all
// the same.
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { pathFromBytes } from '../files/path.ts'
import { findGitRoot } from './gitignore.ts'

const listBytesMax = 1 << 30
const nul = 0

/** Those below `root` in the index of the Git repository around it, by their paths from there; empty without such a repository. */
export async function filesKeptByGit(
  root: string,
  environment: Readonly<Record<string, string | undefined>> = {},
  signal?: AbortSignal,
): Promise<ReadonlySet<Path>> {
  const gitRoot = findGitRoot(root)
  if (gitRoot === null) return new Set()
  // Whoever calls may have been told of another repository.
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('GIT_'))
  // Loaded on use: most commands start no program.
  const { execFile } = process.getBuiltinModule('node:child_process')
  const { promisify } = process.getBuiltinModule('node:util')
  const words = ['-c', 'core.fsmonitor=false', 'ls-files', '-z']
  try {
    const { stdout } = await promisify(execFile)('git', words, {
      cwd: root,
      encoding: 'buffer',
      env: Object.fromEntries(own),
      maxBuffer: listBytesMax,
      signal,
    })
    return new Set(pathsIn(stdout))
  } catch (cause) {
    if (signal?.aborted === true) throw new VarveError('VARVE_ABORTED', 'stopped', { cause })
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot tell which files Git keeps in '${gitRoot}'`, {
      data: { gitRoot },
      cause,
      hint: "see whether 'git ls-files' works there, or remove files by hand",
    })
  }
}

function* pathsIn(bytes: Uint8Array): Generator<Path> {
  let from = 0
  for (let end = bytes.indexOf(nul); end >= 0; end = bytes.indexOf(nul, from)) {
    yield pathFromBytes(bytes.subarray(from, end))
    from = end + 1
  }
}
