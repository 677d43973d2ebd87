// Cursors: where a page ended, for the next request to go on. They name the commit that the first page was read at, so
// that all pages are of one version. Opaque to clients, and nothing that they could not ask for anyway.
import { VarveError } from '../base/errors.ts'

const lengthMax = 4000

export function encodeCursor(kind: string, parts: readonly string[]): string {
  return Buffer.from(JSON.stringify([kind, ...parts])).toString('base64url')
}

/** @throws VarveError VARVE_USAGE */
export function decodeCursor(cursor: string, kind: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor.slice(0, lengthMax), 'base64url').toString('utf8'))
    if (Array.isArray(parts) && parts[0] === kind && parts.every((part) => typeof part === 'string'))
      return parts.slice(1) as string[]
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', 'not a cursor of these pages')
}
