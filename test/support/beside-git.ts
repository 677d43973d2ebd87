// A repository of ours and one of Git's, in folders side by side, in which the same is done: what Varve says and leaves is
// held against Git.
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { gitIn } from './git-in.ts'
import { type RanHere, runHere } from './run-here.ts'
import { temporaryDir } from './temporary.ts'

export interface BesideGit {
  /** Makes both anew: two empty folders, `ours` and `theirs`, with a repository in each. */
  readonly begin: () => Promise<void>
  /** A path in the folder that both are in. */
  readonly at: (...parts: string[]) => string
  readonly git: (...args: string[]) => string
  readonly varve: (...args: string[]) => Promise<RanHere>
  /** What it printed; it must end well, without a word of complaint. */
  readonly ok: (...args: string[]) => Promise<string>
  readonly both: (...args: string[]) => Promise<void>
  /** Writes a file in both, or removes it (null). */
  readonly put: (name: string, text: string | null) => void
}

/** `own`: variables for each call of Git. */
export function besideGit(own: () => NodeJS.ProcessEnv = () => ({})): BesideGit {
  let dir = ''
  const at = (...parts: string[]): string => path.join(dir, ...parts)
  const git = (...args: string[]): string => gitIn(at('theirs'), own())(...args)
  const varve = (...args: string[]): Promise<RanHere> => runHere(args, at('ours'))
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await varve(...args)
    expect([args, code, stderr]).toEqual([args, 0, ''])
    return stdout
  }
  const both = async (...args: string[]): Promise<void> => {
    git(...args)
    await ok(...args)
  }
  return {
    async begin() {
      dir = temporaryDir()
      for (const place of ['ours', 'theirs']) fs.mkdirSync(at(place))
      await both('init', '-q', '-b', 'main')
    },
    at,
    git,
    varve,
    ok,
    both,
    put(name, text) {
      for (const place of ['ours', 'theirs']) {
        if (text === null) fs.rmSync(at(place, name))
        else {
          fs.mkdirSync(path.dirname(at(place, name)), { recursive: true })
          fs.writeFileSync(at(place, name), text)
        }
      }
    },
  }
}
