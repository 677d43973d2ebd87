// The user's editor, found and started as Git does it: a line of shell that gets the file's name. Settings of a
// repository name no program: core.editor counts in the user's own alone.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { canRun, findProgram, startWords } from '../find-program.ts'
import type { Environment } from '../interface.ts'
import { readUserConfig } from '../config/user-config.ts'

/** $VARVE_EDITOR, core.editor, $VISUAL, $EDITOR, then vi. @throws VarveError VARVE_NOT_POSSIBLE where there is none */
export async function editorCommand(environment: Environment): Promise<string> {
  const isDumb = ['', 'dumb'].includes(environment['TERM'] ?? '')
  const named =
    environment['VARVE_EDITOR'] ||
    (await readUserConfig(environment)).get('core.editor') ||
    (isDumb ? '' : environment['VISUAL']) ||
    environment['EDITOR']
  if (named) {
    if (canRun(named, environment)) return named
    throw new VarveError('VARVE_NOT_POSSIBLE', `no such editor: '${named}'`, { hint: editorHint })
  }
  if (!isDumb && findProgram('vi', environment) !== null) return 'vi'
  throw new VarveError('VARVE_NOT_POSSIBLE', 'no editor is there to write the message with', {
    hint: editorHint,
  })
}

const editorHint = "give the message with -m, or name an editor: 'varve config --global core.editor NAME'"

/** Resolves when the editor has ended without an error. @throws VarveError VARVE_NOT_POSSIBLE */
export async function runEditor(editor: string, file: string, environment: Environment): Promise<void> {
  const [program, ...args] = startWords(editor, [file])
  const child = spawn(program!, args, {
    stdio: 'inherit',
    env: { ...environment },
  })
  const end = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      resolve(signal !== null ? `ended by ${signal}` : code === 0 ? null : `exit code ${code}`)
    })
  })
  if (end === null) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `the editor '${editor}' failed: ${end}`, {
    data: { editor, file },
    hint: `nothing was changed; what was written is in '${path.relative(process.cwd(), file)}'`,
  })
}
