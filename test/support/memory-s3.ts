// An S3 store in memory, for the ways in which stores misbehave: it does the requests that Varve makes as S3 is
// documented to do them, and the test's rule bends them. It checks that requests are signed with the right key id and
// not the signatures: real servers do that in test/s3.
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Incoming, type Loopback, listen } from './loopback.ts'

interface Stored {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** Default: long ago. */
  readonly storedMs?: number
  /** Of the request that made it. */
  readonly number?: number
}

interface Head {
  readonly isThere: boolean
  readonly number: number
}

export interface MemoryS3 extends Loopback {
  readonly files: Map<string, Stored>
  /** Part bodies by number, by upload. */
  readonly uploads: Map<string, Map<number, Buffer>>
  /** Of a page of a listing. */
  pageNames: number
  /** Instead of a listing. */
  readonly rawAnswer: { body: Buffer | null }
  /**
   * How it takes the tag that a put is to replace: as HTTP writes it, without its quotes alone, or not at all; or it looks
   * at the tag first, and puts later, the later the larger it is.
   */
  replacing: 'as written' | 'bare' | 'ignored' | 'looking first'
  /**
   * How a file is made that must not be there yet: as it should be; or it is looked for first and made later, the later
   * the larger it is, as Adobe S3Mock 4.7.0 does; or it is looked for when the head of a request comes, as OpenStack
   * Swift 2.38.3 does (its s3api), which then tells all that they made it, and keeps what began last.
   */
  creating: 'soundly' | 'looking first' | 'looking at the head'
  /** Names that listings do not show yet. */
  unlisted: (key: string) => boolean
}

const longAgo = Date.parse('2026-01-02T03:04:05Z')

export const testEnvironment = { AWS_ACCESS_KEY_ID: 'AKTEST', AWS_SECRET_ACCESS_KEY: 'secret-canary' }

export async function startMemoryS3(): Promise<MemoryS3> {
  let heads = 0
  const loopback = await listen(
    (incoming) => answer(store, incoming),
    (key): Head => ({ isThere: store.files.has(key), number: heads++ }),
  )
  const store: MemoryS3 = Object.assign(loopback, {
    files: new Map<string, Stored>(),
    uploads: new Map<string, Map<number, Buffer>>(),
    pageNames: 1000,
    rawAnswer: { body: null },
    replacing: 'as written' as MemoryS3['replacing'],
    creating: 'soundly' as MemoryS3['creating'],
    unlisted: () => false,
  })
  return store
}

function answer(store: MemoryS3, call: Incoming): Answer | Promise<Answer> {
  const { method, key, query } = call
  if (!String(call.headers['authorization']).includes(`Credential=${testEnvironment.AWS_ACCESS_KEY_ID}/`))
    return fault(403, 'InvalidAccessKeyId')
  if (key === '') return list(store, query)
  if (query.has('uploads') || query.has('uploadId')) return multipart(store, call)
  if (method === 'PUT') return put(store, call)
  const file = store.files.get(key)
  if (method === 'DELETE') store.files.delete(key)
  if (method === 'DELETE') return { status: 204, headers: {}, body: Buffer.alloc(0) }
  return file === undefined ? fault(404, 'NoSuchKey') : get(call, file)
}

async function put(store: MemoryS3, call: Incoming): Promise<Answer> {
  const head = call.atHead as Head
  if (call.headers['if-none-match'] === '*') {
    const isThere = store.creating === 'looking at the head' ? head.isThere : store.files.has(call.key)
    if (isThere) return fault(412, 'PreconditionFailed')
    if (store.creating === 'looking first' && call.bytes > 10_000) await sleep(call.bytes / 10_000)
  }
  const wanted = call.headers['if-match']
  if (wanted !== undefined && store.replacing !== 'ignored') {
    const now = store.files.get(call.key)
    if (now === undefined) return fault(404, 'NoSuchKey')
    const tag = tagOf(now.body)
    if (wanted !== (store.replacing === 'bare' ? tag.replaceAll('"', '') : tag))
      return fault(412, 'PreconditionFailed')
    if (store.replacing === 'looking first') await sleep(call.bytes / 10_000)
  }
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(call.headers))
    if (name.startsWith('x-amz-meta-')) headers[name] = String(text)
  const isLast = !((store.files.get(call.key)?.number ?? 0) > head.number)
  if (isLast || store.creating !== 'looking at the head')
    store.files.set(call.key, { body: call.body, headers, storedMs: Date.now(), number: head.number })
  return { status: 200, headers: { etag: tagOf(call.body) }, body: Buffer.alloc(0) }
}

function get(call: Incoming, { body, headers, storedMs }: Stored): Answer {
  const modified = { 'last-modified': new Date(storedMs ?? longAgo).toUTCString() }
  const shown = { ...headers, ...modified, etag: tagOf(body) }
  const wanted = call.headers['if-match']
  if (wanted !== undefined && wanted !== shown.etag) return fault(412, 'PreconditionFailed')
  const range = /^bytes=(\d+)-(\d*)$/.exec(String(call.headers['range'] ?? ''))
  if (range === null) {
    const length = call.method === 'HEAD' ? { 'content-length': String(body.length) } : {}
    return {
      status: 200,
      headers: { ...shown, ...length },
      body: call.method === 'HEAD' ? Buffer.alloc(0) : body,
    }
  }
  const from = Number(range[1])
  if (from >= body.length) return fault(416, 'InvalidRange')
  const part = body.subarray(from, range[2] === '' ? body.length : Number(range[2]) + 1)
  const at = `bytes ${from}-${from + part.length - 1}/${body.length}`
  return { status: 206, headers: { ...shown, 'content-range': at }, body: part }
}

function list(store: MemoryS3, query: URLSearchParams): Answer {
  const { body: raw } = store.rawAnswer
  if (raw !== null) return { status: 200, headers: {}, body: raw }
  const prefix = query.get('prefix') ?? ''
  const after = query.get('start-after') ?? ''
  const keys = [...store.files.keys()].sort()
  const behind = keys.filter((key) => key.startsWith(prefix) && key > after && !store.unlisted(key))
  const shown = behind.slice(0, store.pageNames)
  const entries = shown.map(
    (key) =>
      `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>${new Date(store.files.get(key)!.storedMs ?? longAgo).toISOString()}</LastModified><ETag>${tagOf(store.files.get(key)!.body).replaceAll('"', '&quot;')}</ETag><Size>${store.files.get(key)!.body.length}</Size></Contents>`,
  )
  const body = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>${shown.length < behind.length}</IsTruncated>${entries.join('')}</ListBucketResult>`
  return { status: 200, headers: {}, body: Buffer.from(body) }
}

function multipart(store: MemoryS3, call: Incoming): Answer {
  const { method, key, query } = call
  if (query.has('uploads')) {
    const id = randomBytes(6).toString('hex')
    store.uploads.set(id, new Map())
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  }
  const id = query.get('uploadId') ?? ''
  const parts = store.uploads.get(id)
  if (parts === undefined) return fault(404, 'NoSuchUpload')
  if (method === 'PUT') {
    parts.set(Number(query.get('partNumber')), call.body)
    return { status: 200, headers: { etag: tagOf(call.body) }, body: Buffer.alloc(0) }
  }
  if (method === 'GET') {
    const entries = [...parts].map(
      ([number, body]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${tagOf(body)}</ETag><Size>${body.length}</Size></Part>`,
    )
    return xml(`<ListPartsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`)
  }
  store.uploads.delete(id)
  if (method === 'DELETE') return { status: 204, headers: {}, body: Buffer.alloc(0) }
  const sorted = [...parts].sort(([a], [b]) => a - b).map(([, body]) => body)
  store.files.set(key, { body: Buffer.concat(sorted), headers: {}, storedMs: Date.now() })
  return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
}

function xml(body: string): Answer {
  return { status: 200, headers: {}, body: Buffer.from(`<?xml version="1.0"?>${body}`) }
}

function fault(status: number, code: string): Answer {
  return { status, headers: {}, body: Buffer.from(`<Error><Code>${code}</Code></Error>`) }
}

function tagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
