// Texts that a command takes from a file: messages, queries.
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { VarveError } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'

/**
 * The text of a file; '-' is standard input. `what` is for messages: 'the message'. @throws VarveError
 * VARVE_PATH_NOT_FOUND
 */
export async function readText(file: string, what: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const said = systemFailure(error, `cannot read ${what} from '${file}'`, file)
    if (said === null) throw error
    throw new VarveError('VARVE_PATH_NOT_FOUND', said.message, {
      data: said.data,
      cause: error,
      hint: said.hint ?? "name a file that can be read, or '-' for standard input",
    })
  }
}
