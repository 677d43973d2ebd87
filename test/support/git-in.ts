// The git command in a folder, with variables of one's own, whatever the machine's settings are: what Varve does is held against it.
import { execFileSync } from 'node:child_process'

/** As Git is to be run, whatever the machine's settings are. */
export const gitEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
}

export function gitIn(cwd: string, own: NodeJS.ProcessEnv = {}): (...args: string[]) => string {
  return (...args) =>
    execFileSync('git', ['-c', 'core.quotepath=off', ...args], {
      cwd,
      encoding: 'utf8',
      env: { ...gitEnvironment, ...own },
    })
}
