// Certificates to trust beside the usual ones, in a file in PEM that the user named.
import fs from 'node:fs'
import { readFailure } from '../base/system-error.ts'

/** `hint` says where the file was named. @throws VarveError VARVE_IO */
export function certificatesIn(file: string, hint: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw readFailure(cause, `cannot read the certificates in '${file}'`, { path: file, hint })
  }
}
