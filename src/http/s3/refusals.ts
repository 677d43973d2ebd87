// What an S3 store says when it does not do what it was asked for, as errors that say what to do next. Of the store's
// own words only the code is repeated, and only if it looks like one: a message may echo what we sent, signatures and
// keys included.
import { VarveError } from '../../base/errors.ts'
import type { HttpAnswer } from '../client.ts'
import { childText, parseXml } from './xml.ts'

export interface Fault {
  readonly status: number
  /** 'AccessDenied'; '' when the answer names none. */
  readonly code: string
  /** The bucket's region, where the store tells it. */
  readonly region: string | null
}

export function faultOf(answer: HttpAnswer): Fault {
  const { status, headers, body } = answer
  let code = ''
  let region = headers['x-amz-bucket-region'] ?? null
  if (body.length > 0) {
    try {
      const root = parseXml(body)
      const said = childText(root, 'Code') ?? ''
      if (/^[A-Za-z0-9.]{1,64}$/.test(said)) code = said
      region ??= childText(root, 'Region')
    } catch {
      // A proxy's page of HTML: the status has to do.
    }
  }
  return { status, code, region }
}

/** Whether an answer, whatever its status, is about the credentials and nothing else. */
export function isAboutKeys(answer: HttpAnswer): boolean {
  return meanings.get(faultOf(answer).code)?.isAboutKeys === true
}

/** The error's code, for the HTTP client's own messages. */
export function explain(body: Uint8Array): string | null {
  return faultOf({ status: 0, headers: {}, body }).code || null
}

export interface RequestContext {
  readonly location: string
  readonly bucket: string
  /** Where the credentials are from; null: requests are not signed. */
  readonly source: string | null
}

export function refusal(fault: Fault, context: RequestContext): VarveError {
  const { location } = context
  const data = { url: location, status: fault.status, ...(fault.code === '' ? {} : { s3Code: fault.code }) }
  const isAccess = fault.status === 401 || fault.status === 403
  const isFull = fullCodes.has(fault.code) || fault.status === 507
  if (isFull)
    return new VarveError(full.code, full.message(context), {
      data: { ...data, atEndpoint: true },
      hint: full.hint(context),
    })
  const known = meanings.get(fault.code) ?? (isAccess ? denied : undefined)
  // Where nothing was signed the store's words about keys would mislead.
  const meaning = known?.isAboutKeys === true && context.source === null ? denied : known
  if (meaning !== undefined)
    return new VarveError(meaning.code, meaning.message(context), { data, hint: meaning.hint(context) })
  const said = fault.code === '' ? String(fault.status) : `${fault.status} ${fault.code}`
  const isPassing = (fault.status >= 500 && fault.status !== 501) || fault.status === 429
  const code = isPassing ? 'VARVE_UNREACHABLE' : 'VARVE_REFUSED'
  return new VarveError(code, `'${location}' answers ${said}`, {
    data,
    hint: code === 'VARVE_UNREACHABLE' ? 'run the command again: it continues where it stopped' : seeSettings,
  })
}

interface Meaning {
  readonly code: 'VARVE_REFUSED' | 'VARVE_UNREACHABLE' | 'VARVE_DISK_FULL'
  readonly message: (context: RequestContext) => string
  readonly hint: (context: RequestContext) => string
  readonly isAboutKeys?: true
}

const seeSettings =
  'region, endpoint and credentials are found as AWS tools find them: AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_PROFILE'

const fullCodes: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'InsufficientStorage',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'StorageQuotaExceeded',
])

const full: Meaning = {
  code: 'VARVE_DISK_FULL',
  message: ({ location }) => `no space left at '${location}'`,
  hint: () => 'no ref there has moved; free some space or raise the quota, and run the command again',
}

const wrongKeys: Meaning = {
  code: 'VARVE_REFUSED',
  message: ({ location }) => `'${location}' does not accept these credentials`,
  hint: ({ source }) => `they are from ${String(source)}; check that they are for this store and still valid`,
  isAboutKeys: true,
}

const denied: Meaning = {
  code: 'VARVE_REFUSED',
  message: ({ location }) => `'${location}' refuses access`,
  hint: ({ source }) =>
    source === null
      ? 'no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE'
      : `the credentials are from ${source}; they must be allowed to list the bucket, to read, and for a push to write`,
}

const meanings: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    InvalidAccessKeyId: wrongKeys,
    SignatureDoesNotMatch: wrongKeys,
    InvalidSecurity: wrongKeys,
    InvalidToken: wrongKeys,
    // versitygw says so with 404, which would pass for an object that is not there.
    XAdminUserNotFound: wrongKeys,
    ExpiredToken: {
      ...wrongKeys,
      message: ({ location }) => `the credentials for '${location}' have run out`,
      hint: ({ source }) => `they are from ${String(source)}; get new ones`,
    },
    AccessDenied: denied,
    RequestTimeTooSkewed: {
      code: 'VARVE_REFUSED',
      message: ({ location }) => `'${location}' says that this computer's clock is wrong`,
      hint: () => 'set the clock; signatures hold the time',
    },
    NoSuchBucket: {
      code: 'VARVE_UNREACHABLE',
      message: ({ bucket }) => `no bucket '${bucket}'`,
      hint: () => `make it with the store's own tool, or correct the URL; ${seeSettings}`,
    },
    PermanentRedirect: elsewhere(),
    TemporaryRedirect: elsewhere(),
    AuthorizationHeaderMalformed: elsewhere(),
    IllegalLocationConstraintException: elsewhere(),
  }),
)

function elsewhere(): Meaning {
  return {
    code: 'VARVE_REFUSED',
    message: ({ bucket }) => `bucket '${bucket}' is in another region`,
    hint: () => 'set AWS_REGION to the region of the bucket',
  }
}

export function unsafe(location: string, fault?: Fault): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `'${location}' does not keep conditional writes, so two writers could lose each other's work`,
    {
      data: { url: location, ...(fault === undefined ? {} : { status: fault.status, s3Code: fault.code }) },
      hint: "if nobody else ever writes there, say so: 'varve config remote.NAME.conditional single-writer', or --single-writer when the remote is added",
    },
  )
}

export function readOnly(location: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${location}' may be read only`, {
    data: { url: location },
    hint: 'to push there, use credentials that may put and delete objects',
  })
}

/** A store tags what it has. Without a tag somebody else may have answered: a login page, a proxy that is idle. */
export function isStored({ status, headers }: HttpAnswer): boolean {
  return status < 300 && headers['etag'] !== undefined
}

export function notStored(location: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `'${location}' does not answer as a store does`, {
    data: { url: location },
    hint: 'something in between may have answered: look at the network, and run the command again',
  })
}
