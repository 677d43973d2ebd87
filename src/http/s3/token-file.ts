// A file with a token that somebody else keeps up to date: the identity of a machine or a container. The environment or
// the AWS profile names it, and it is read anew each time it is needed.
import fs from 'node:fs'
import { readFailure } from '../../base/system-error.ts'

const tokenBytesMax = 64 << 10

/** `namedBy`: what names the file, for the hint. @throws VarveError VARVE_IO */
export function readTokenFile(file: string, namedBy: string): string {
  try {
    if (fs.statSync(file).size > tokenBytesMax) throw new Error('it is too long')
    return fs.readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw readFailure(cause, `cannot read the identity token in '${file}'`, {
      path: file,
      hint: `${namedBy} names it`,
    })
  }
}
