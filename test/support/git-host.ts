// A bare Git repository that a test uses as a host, and a look into it with Git's own eyes.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { temporaryDir } from './temporary.ts'

export const dataRef = 'refs/varve/data'

/** As a machine without any settings of a user. */
export const environment: Record<string, string> = {
  PATH: process.env['PATH']!,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
}

export interface GitFolder {
  /** The folder that the repository 'host.git' lies in. */
  readonly folder: string
  readonly dir: string
  readonly url: string
  git(words: readonly string[], input?: string | Uint8Array): string
}

export function bareGit(): GitFolder {
  const folder = temporaryDir()
  const dir = path.join(folder, 'host.git')
  const git = (words: readonly string[], input?: string | Uint8Array): string =>
    execFileSync('git', ['-C', dir, ...words], {
      env: environment,
      encoding: 'utf8',
      maxBuffer: 1 << 27,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    }).trimEnd()
  execFileSync('git', ['init', '-q', '--bare', dir], { env: environment })
  return { folder, dir, url: `git+file://${dir}`, git }
}

/** Names and sizes of the blobs under the data ref. */
export function filesOf(host: GitFolder): { mode: string; name: string; bytes: number }[] {
  return host
    .git(['ls-tree', '-r', '-z', '-l', dataRef])
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mode, bytes, name] = /^(\d+) \w+ \w+ +(\d+|-)\t(.*)$/s.exec(line)!
      return { mode: mode!, bytes: Number(bytes), name: name! }
    })
}

/** Rewrites the tree under the data ref: lines of `git ls-tree` in, lines of `git mktree`'s index form out. */
export function rewriteTree(host: GitFolder, edit: (entries: Map<string, string>) => void): void {
  const entries = new Map(
    host
      .git(['ls-tree', '-r', dataRef])
      .split('\n')
      .map((line) => line.split('\t') as [string, string])
      .map(([facts, name]) => [name, facts.replace(/ (blob|commit) /, ' ')]),
  )
  edit(entries)
  const lines = [...entries].map(([name, facts]) => `${facts}\t${name}\n`)
  const index = { GIT_INDEX_FILE: path.join(host.folder, `index-${Math.random()}`) }
  const run = (words: readonly string[], input: Uint8Array): string =>
    execFileSync('git', ['-C', host.dir, ...words], {
      env: { ...environment, ...index },
      input,
      encoding: 'utf8',
    }).trim()
  run(['update-index', '--add', '--index-info'], Buffer.from(lines.join(''), 'latin1'))
  const tree = run(['write-tree'], Buffer.alloc(0))
  const who = ['-c', 'user.name=x', '-c', 'user.email=x@y']
  const commit = run([...who, 'commit-tree', tree, '-p', dataRef, '-m', 'edited'], Buffer.alloc(0))
  host.git(['update-ref', dataRef, commit])
}
