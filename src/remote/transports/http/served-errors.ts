// What a server of ours says when it refuses, as errors of this side. Its words are shown, shortened, and its codes are
// taken where they mean the same here; nothing else of an answer is believed.
import { type ErrorCode, VarveError } from '../../../base/errors.ts'

const textMax = 500
const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'VARVE_REFUSED',
  'VARVE_CORRUPT',
  'VARVE_OBJECT_MISSING',
  'VARVE_NOT_POSSIBLE',
  'VARVE_DISK_FULL',
  'VARVE_USAGE',
])

export interface ServedError {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
}

/** The error in an answer of Varve's server; null when the body is something else. */
function saidIn(body: Uint8Array): ServedError | null {
  try {
    const { error } = JSON.parse(Buffer.from(body).toString('utf8')) as { error?: Record<string, unknown> }
    const { code, message, hint } = error ?? {}
    if (typeof code !== 'string' || typeof message !== 'string') return null
    return { code, message: line(message), hint: typeof hint === 'string' ? line(hint) : undefined }
  } catch {
    return null
  }
}

/** The error's message, for `explain` of the HTTP client. */
export function explain(body: Uint8Array): string | null {
  return saidIn(body)?.message ?? null
}

export function refusedBy(location: string, status: number, body: Uint8Array): VarveError {
  const said = saidIn(body)
  const code = said !== null && codes.has(said.code) ? (said.code as ErrorCode) : 'VARVE_REFUSED'
  return new VarveError(code, `'${location}' refuses the push: ${said?.message ?? `it answers ${status}`}`, {
    data: { location, status },
    hint: said?.hint ?? 'nothing has been changed there',
  })
}

/** `isAbsent`: a push would make one there. */
export function noRepositoryAt(
  location: string,
  { isAbsent = false }: { readonly isAbsent?: boolean } = {},
): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `no repository at '${location}', or none for you`, {
    data: { location, ...(isAbsent ? { isAbsent } : {}) },
    hint: "check the address and the token; 'varve push' makes a repository there if the token may",
  })
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]+/g

function line(text: string): string {
  return text.replaceAll(control, ' ').slice(0, textMax)
}
