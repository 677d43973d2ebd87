// A message that a person writes in an editor: a file in '.varve' with what was proposed and comments that tell what it
// is about. What was typed stays in that file, cleaned, until what it was written for has been made.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { messageBytesMax } from '../../history/commit.ts'
import { plain } from '../paint.ts'
import { Output } from '../output.ts'
import type { Context } from '../interface.ts'
import { cleanMessage, commented, markFor, scissors } from './clean.ts'

/** For what `varve commit` can do. */
export const commitFile = 'COMMIT_EDITMSG'

export interface Draft {
  /** Path of the file. */
  readonly file: string
  readonly proposed: string
  /** What the comments tell, without marks. */
  readonly about: readonly string[]
  /** Shown below the scissors. */
  readonly print?: ((out: Output) => Promise<void>) | undefined
}

function instructions(mark: string): string[] {
  return [
    `Say what was done and why. Lines that begin with '${mark}' are left out,`,
    'and an empty message stops everything.',
    '',
  ]
}

/** Has messages edited, and keeps or removes the file in which they were written. */
export class MessageEditor {
  readonly #context: Context
  readonly #dir: string
  #file: string | null = null
  #written: string | null = null

  /** `dir` is the repository's own folder. */
  constructor(context: Context, dir: string) {
    this.#context = context
    this.#dir = dir
  }

  /** The message; when asked again, the one written before. @throws VarveError VARVE_ABORTED when it is empty */
  async write(draft: Draft): Promise<string> {
    if (this.#written !== null) return this.#written
    const { environment, handOver } = this.#context
    const { editorCommand, runEditor } = await import('./editor.ts')
    const editor = await editorCommand(environment)
    const file = path.join(this.#dir, draft.file)
    await writeDraft(file, draft, this.#context)
    await handOver(() => runEditor(editor, file, environment))
    const message = cleanMessage(readDraft(file), markFor(draft.proposed))
    if (message === '') {
      fs.rmSync(file, { force: true })
      throw new VarveError('VARVE_ABORTED', 'stopped: the message is empty', { hint: 'nothing was changed' })
    }
    fs.writeFileSync(file, `${message}\n`)
    this.#file = file
    this.#written = message
    return message
  }

  /** Does what the message is for. Where that fails the error tells where the message is; else the file goes. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      if (this.#file !== null) fs.rmSync(this.#file, { force: true })
      return result
    } catch (error) {
      if (this.#file === null || !isVarveError(error)) throw error
      const kept = keptIn(path.relative(process.cwd(), this.#file))
      const { code, message, data, hint } = error
      throw new VarveError(code, message, {
        data: { ...data, message: this.#file },
        hint: hint === undefined ? kept : `${hint}\n${kept}`,
        cause: error,
      })
    }
  }
}

function keptIn(file: string): string {
  const again = path.basename(file) === commitFile ? `: 'varve commit -F ${file}' takes it` : ''
  return `the message is kept in '${file}'${again}`
}

async function writeDraft(file: string, { proposed, about, print }: Draft, context: Context): Promise<void> {
  const mark = markFor(proposed)
  const lines = ['', ...commented([...instructions(mark), ...about], mark)]
  if (print !== undefined)
    lines.push(mark, scissors(mark), ...commented(['What is below that line is left out.'], mark))
  fs.writeFileSync(file, `${proposed.trimEnd()}\n${lines.join('\n')}\n`, { mode: 0o600 })
  if (print === undefined) return
  const stream = fs.createWriteStream(file, { flags: 'a' })
  const { out } = context
  const settings = { json: false, quiet: false, verbose: true, paint: plain, columns: out.width }
  const output = new Output({
    ...settings,
    stdout: () => stream,
    complain: () => {},
    terminal: false,
    onClosed: () => {},
  })
  await print(output)
  await output.flush()
  await new Promise<void>((resolve) => {
    stream.end(() => resolve())
  })
}

/** As much as can be a message: below the scissors there may be the changes of a large table. */
function readDraft(file: string): string {
  const bytes = Buffer.alloc(2 * messageBytesMax)
  const fd = fs.openSync(file, 'r')
  try {
    return bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0))
  } finally {
    fs.closeSync(fd)
  }
}
