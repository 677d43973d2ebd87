// Cursors: where a page ended, for the next request to go on. They name the commit that the first page was read at, so
// that all pages are of one version. Opaque to clients, and nothing that they could not ask for anyway. What we have not
// written is refused: the API says so, a page for people goes back to the first.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { pathFromBytes, pathToBytes } from '../../files/path.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { Query } from '../url-query.ts'
import type { ServedRepository } from '../repositories.ts'

/** How a part is written: whole numbers as they are, texts as texts, bytes and paths as base64. */
export interface CursorPart<T> {
  readonly write: (value: T) => string | number
  /** undefined: it is not a cursor. */
  readonly read: (written: unknown) => T | undefined
}

export const numberPart: CursorPart<number> = {
  write: (value) => value,
  read: (written) => (Number.isSafeInteger(written) && Number(written) >= 0 ? Number(written) : undefined),
}

/** The id of a commit, or the empty revision. */
export const commitPart: CursorPart<string> = like(/^[0-9a-f]{64}$/)

/** A commit, or a range between two. */
export const rangePart: CursorPart<string> = like(/^[0-9a-f]{64}(?:\.{2,3}[0-9a-f]{64})?$/)

export const bytesPart: CursorPart<Uint8Array> = {
  write: (value) => Buffer.from(value).toString('base64url'),
  read: (written) =>
    typeof written === 'string' && /^[\w-]*$/.test(written) ? Buffer.from(written, 'base64url') : undefined,
}

/** As bytes: what is no UTF-8 would be three times as long in JSON. */
export const pathPart: CursorPart<string> = {
  write: (value) => bytesPart.write(pathToBytes(value)),
  read: (written) => {
    const bytes = bytesPart.read(written)
    return bytes === undefined ? undefined : pathFromBytes(bytes)
  },
}

export function like(pattern: RegExp): CursorPart<string> {
  return {
    write: (value) => value,
    read: (written) => (typeof written === 'string' && pattern.test(written) ? written : undefined),
  }
}

/** Reads and writes the cursors of one kind of page. */
export class Cursors<Parts extends readonly unknown[]> {
  readonly #kind: string
  readonly #parts: { readonly [I in keyof Parts]: CursorPart<Parts[I]> }

  constructor(kind: string, ...parts: { readonly [I in keyof Parts]: CursorPart<Parts[I]> }) {
    this.#kind = kind
    this.#parts = parts
  }

  write(...values: Parts): string {
    const written = this.#parts.map(({ write }, i) => write(values[i]))
    return Buffer.from(JSON.stringify([this.#kind, ...written])).toString('base64url')
  }

  /** The parts of the parameter 'cursor'; null on a first page. @throws VarveError VARVE_USAGE */
  read(query: Query): Parts | null {
    const cursor = query.text('cursor')
    if (cursor === undefined) return null
    const parts = this.#partsOf(cursor)
    // One spelling only: what lenient readers make of other letters is not ours.
    if (parts === null || this.write(...parts) !== cursor) throw badCursor()
    return parts
  }

  #partsOf(cursor: string): Parts | null {
    try {
      const written: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
      if (!Array.isArray(written) || written.length !== this.#parts.length + 1) return null
      if (written[0] !== this.#kind) return null
      const parts = this.#parts.map(({ read }, i) => read(written[i + 1]))
      return parts.includes(undefined) ? null : (parts as unknown as Parts)
    } catch {
      return null
    }
  }
}

/** The commits of a cursor must be here, as they were when it was written. @throws VarveError VARVE_USAGE */
export async function checkPinned({ data }: ServedRepository, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    if (id === emptyRevision) continue
    try {
      await data.commitInfo(id)
    } catch (error) {
      if (isVarveError(error)) throw badCursor()
      throw error
    }
  }
}

export function badCursor(): VarveError {
  return new VarveError('VARVE_USAGE', "'cursor' is none that these pages gave", {
    hint: 'leave it out for the first page',
    data: { parameter: 'cursor' },
  })
}

export function isBadCursor(error: unknown): boolean {
  return isVarveError(error, 'VARVE_USAGE') && error.data['parameter'] === 'cursor'
}
