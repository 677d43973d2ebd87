// Where `varve serve` and `varve token` keep the server's state: --state, or a folder of the user's.
import { homedir } from 'node:os'
import path from 'node:path'
import type { Context } from './interface.ts'

export function stateDirOf({ arguments: given, environment }: Context): string {
  const named = given.text('state') ?? environment['VARVE_STATE']
  if (named !== undefined && named !== '') return path.resolve(named)
  const base = environment['XDG_STATE_HOME'] || path.join(environment['HOME'] || homedir(), '.local', 'state')
  return path.join(base, 'varve')
}
