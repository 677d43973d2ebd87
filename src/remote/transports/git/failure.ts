// What went wrong when Git talked to a host, in words of ours: nobody there, not allowed, or worth another try.
import { VarveError } from '../../../base/errors.ts'
import { setTimeout as pause } from 'node:timers/promises'
import { type GitFinished, lastLine } from './run.ts'
import type { GitUrl } from './url.ts'

const denied =
  /authentication failed|permission denied|could not read (username|password)|access denied|not authorized|returned error: 40[13]|invalid credentials|terminal prompts disabled/i
const passing =
  /connection (reset|closed|refused|timed out)|timed out|early eof|hung up|rpc failed|returned error: (429|5\d\d)|could not resolve|operation too slow|broken pipe/i
/** Another push holds the ref's lock at this moment. */
const busy = /cannot lock ref|unable to create '[^']*\.lock'|failed to update ref|failed to lock/i

export function mayPass({ stderr, stdout }: GitFinished): boolean {
  const text = stderr + Buffer.from(stdout).toString('utf8')
  return !denied.test(text) && (passing.test(text) || busy.test(text))
}

export function isDenied({ stderr }: GitFinished): boolean {
  return denied.test(stderr)
}

/** The error for a step that only reads. */
export function unreachable({ shown }: GitUrl, finished: GitFinished): VarveError {
  const reason = lastLine(finished.stderr)
  if (isDenied(finished)) {
    return new VarveError('VARVE_REFUSED', `'${shown}' does not let you in: ${reason}`, {
      data: { url: shown },
      hint: "set up git's credentials for this host (a credential helper or an ssh key), or run with GIT_TERMINAL_PROMPT=1 to be asked",
    })
  }
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${shown}': ${reason}`, {
    data: { url: shown },
    hint: "check the address: 'git ls-remote' with it, without 'git+', must work",
  })
}

/** Waits longer with each attempt, for a random time, so that two that met once do not meet again. */
export async function waitBefore(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const ms = (50 << attempt) * (0.5 + Math.random())
  await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}
