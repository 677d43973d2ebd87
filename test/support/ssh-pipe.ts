// What stands for ssh in tests: a script that runs the words it is given in a shell, as sshd would, with the command
// line's own `varve` on the path over there.
import fs from 'node:fs'
import path from 'node:path'
import { varveFile } from '../cli/varve.ts'

export interface SshPipe {
  readonly environment: Record<string, string>
  /** Puts a program of that name on the path, in place of what is there. */
  readonly script: (name: string, lines: readonly string[]) => string
}

/** Programs lie in `dir`/bin; each call of ssh adds a line to `dir`/calls. */
export function sshPipe(dir: string): SshPipe {
  const script = (name: string, lines: readonly string[]): string => {
    const file = path.join(dir, 'bin', name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
    return file
  }
  script('varve', [`exec '${process.execPath}' '${varveFile}' "$@"`])
  // As ssh: options, '--', the host, then one string for the user's shell over there.
  const ssh = script('ssh', [
    `printf '%s\\n' "$*" >> '${dir}/calls'`,
    'while [ "$1" != "--" ]; do shift; done',
    'shift; shift',
    `cd '${dir}' && exec sh -c "$1"`,
  ])
  return { environment: { PATH: `${path.dirname(ssh)}:${process.env['PATH']!}`, HOME: dir }, script }
}
