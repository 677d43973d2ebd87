// The user's own settings for all repositories, a flat JSON object in $VARVE_CONFIG or
// $XDG_CONFIG_HOME/varve/config.json (~/.config). Only the command line reads it. It is replaced by rename.
import fs from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { readFailure } from '../../base/system-error.ts'
import type { Environment } from '../interface.ts'

function userConfigFile(environment: Environment): string {
  const named = environment['VARVE_CONFIG']
  if (named) return path.resolve(named)
  return path.join(environment['XDG_CONFIG_HOME'] || path.join(homedir(), '.config'), 'varve', 'config.json')
}

export async function readUserConfig(environment: Environment): Promise<ReadonlyMap<string, string>> {
  const file = userConfigFile(environment)
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw readFailure(error, `cannot read your settings in '${file}'`, { path: file })
  }
  const settings = new Map<string, string>()
  for (const [key, value] of Object.entries(parseObject(text, file))) {
    if (typeof value !== 'string') throw damaged(file, `'${key}' is not a text`)
    settings.set(key, value)
  }
  return settings
}

/** Sets the key; null removes it. */
export async function writeUserConfig(
  environment: Environment,
  key: string,
  value: string | null,
): Promise<void> {
  const file = userConfigFile(environment)
  const settings = new Map(await readUserConfig(environment))
  if (value === null) settings.delete(key)
  else settings.set(key, value)
  const sorted = Object.fromEntries([...settings].sort(([a], [b]) => (a < b ? -1 : 1)))
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  fs.writeFileSync(temporary, `${JSON.stringify(sorted, null, 2)}\n`, { mode: 0o600 })
  fs.renameSync(temporary, file)
}

function parseObject(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    throw damaged(file, (error as Error).message)
  }
  throw damaged(file, 'it is not an object')
}

function damaged(file: string, why: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `the settings in '${file}' cannot be read: ${why}`, {
    hint: 'correct or remove that file',
  })
}
