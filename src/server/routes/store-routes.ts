// The store's files as they lie on the disk: what `varve fetch` and `clone` read. Packs and segments never change and are
// streamed; a manifest is made anew for the one who asks (public-store.ts).
import fs from 'node:fs'
import path from 'node:path'
import type { Cid } from '../../encoding/cid.ts'
import { isMissing, openExisting, readRange } from '../../store/disk/files.ts'
import { formatBytes, manifestName, packPath, segmentPath } from '../../store/disk/layout.ts'
import type { LoggedEntry } from '../../store/disk/log.ts'
import { encodeLogEntry, manifestRefs } from '../../store/manifest-file.ts'
import { HttpError } from '../answers.ts'
import type { Exchange, Route, Schema } from '../interface.ts'
import { publicManifest } from '../public-store.ts'
import { rangeHeaders, rangeOf } from '../ranges.ts'
import type { ServedRepository } from '../repositories.ts'
import { type AnswerSet, binary, notFound, repoParameter } from './schemas.ts'
import { sendParts } from '../send-parts.ts'

const bytes: AnswerSet = { 200: binary('the file'), 206: binary('a part of it'), 404: notFound }
const atOnceBytesMax = 1 << 20
const immutable = 'private, max-age=31536000, immutable'
const range = { name: 'range', in: 'header', about: "'bytes=0-99'", schema: { type: 'string' } } as const
const file = (kind: string): Schema => ({ type: 'string', pattern: `^[0-9a-f]{64}\\.${kind}$` })

export const storeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/store/format',
    operation: 'getStoreFormat',
    about: "The store's format file: read first, refuse what is unknown",
    access: 'read',
    parameters: [repoParameter],
    answers: { 200: binary('the file'), 404: notFound },
    handle: async (exchange) => sendBytes(exchange, formatBytes(), 'no-cache'),
  },
  {
    method: 'GET',
    path: '/{repo}/format',
    operation: 'getFormat',
    about:
      "The same under a remote's URL: one request tells a server (header varve-server) from a folder of files",
    access: 'read',
    parameters: [repoParameter],
    answers: { 200: binary('the file'), 404: notFound },
    handle: async (exchange) => sendBytes(exchange, formatBytes(), 'no-cache'),
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/store/newest',
    operation: 'getNewestManifest',
    about: 'The newest manifest: branches, tags and the live segments; nothing when you have it',
    access: 'read',
    parameters: [
      repoParameter,
      {
        name: 'after',
        in: 'query',
        about: 'number of the manifest that you know',
        schema: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      },
    ],
    answers: {
      200: { ...binary('the manifest'), headers: { 'varve-sequence': 'its number' } },
      204: { about: 'there is none that is newer' },
      404: notFound,
    },
    handle: newest,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/store/m/{sequence}',
    operation: 'getManifest',
    about: 'A manifest by its number, as far back as they are kept',
    access: 'read',
    parameters: [
      repoParameter,
      {
        name: 'sequence',
        in: 'path',
        about: 'twenty digits',
        schema: { type: 'string', pattern: '^[0-9]{20}$' },
      },
    ],
    answers: { 200: binary('the manifest'), 404: notFound },
    handle: manifest,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/store/idx/{segment}',
    operation: 'getSegment',
    about: 'An index segment',
    access: 'read',
    parameters: [
      repoParameter,
      range,
      { name: 'segment', in: 'path', about: "its SHA-256 and '.idx'", schema: file('idx') },
    ],
    answers: bytes,
    handle: (exchange) => sendFile(exchange, segmentPath(shaOf(exchange.params['segment'], '.idx'))),
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/store/packs/{fan}/{pack}',
    operation: 'getPack',
    about: 'A pack, or a range of it',
    access: 'read',
    parameters: [
      repoParameter,
      range,
      {
        name: 'fan',
        in: 'path',
        about: "the first two digits of the pack's name",
        schema: { type: 'string', pattern: '^[0-9a-f]{2}$' },
      },
      { name: 'pack', in: 'path', about: "its SHA-256 and '.pack'", schema: file('pack') },
    ],
    answers: bytes,
    handle: (exchange) => {
      const name = shaOf(exchange.params['pack'], '.pack')
      if (!name.startsWith(exchange.params['fan']!)) throw noFile()
      return sendFile(exchange, packPath(name))
    },
  },
]

async function newest(exchange: Exchange): Promise<void> {
  const repository = exchange.repository()
  const entry = repository.store.entry()!
  const { sequence } = entry.manifest
  if (sequence <= (exchange.query.number('after') ?? 0)) {
    exchange.response
      .writeHead(204, { 'varve-sequence': String(sequence), 'cache-control': 'no-store' })
      .end()
    return
  }
  exchange.response.setHeader('varve-sequence', String(sequence))
  sendBytes(exchange, servedManifest(repository, entry), 'no-store')
}

async function manifest(exchange: Exchange): Promise<void> {
  const text = exchange.params['sequence']!
  const sequence = Number(text)
  const isName =
    /^\d{20}$/.test(text) && Number.isSafeInteger(sequence) && manifestName(sequence) === `m/${text}`
  const repository = exchange.repository()
  const entry = isName && sequence > 0 ? repository.store.entry(sequence) : null
  if (entry === null) throw noFile()
  sendBytes(exchange, servedManifest(repository, entry), immutable)
}

/** More refs than a manifest holds lie in objects: then they stay those of the store's own manifest. */
function servedManifest({ store }: ServedRepository, entry: LoggedEntry): Uint8Array {
  const { refs, ...shown } = publicManifest(store.manifestOf(entry))
  const kept = manifestRefs(refs, () => entry.refs as Cid)
  const { segments, oldest } = entry
  return encodeLogEntry({ manifest: shown, refs: kept, segments, oldest, previous: '' })
}

function sendBytes({ response }: Exchange, content: Uint8Array, cache: string): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': content.length,
    'cache-control': cache,
  })
  response.end(content)
}

/** Small parts in one go: for them a local disk answers sooner than a thread could be asked. Large ones as a stream. */
async function sendFile(exchange: Exchange, name: string): Promise<void> {
  const { request, response, signal } = exchange
  const file = path.join(exchange.repository().store.location, name)
  const fd = openFile(file)
  try {
    const { size } = fs.fstatSync(fd)
    const wanted = rangeOf(request.headers.range, size)
    const { start, end } = wanted
    const bytes = end - start <= atOnceBytesMax ? readRange(fd, start, end - start, file) : null
    response.writeHead(wanted.isPart ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'cache-control': immutable,
      etag: `"${path.posix.basename(name)}"`,
      ...rangeHeaders(wanted, size),
    })
    if (bytes !== null) response.end(bytes)
    else await sendParts(response, fd, wanted, signal)
  } finally {
    fs.closeSync(fd)
  }
}

function openFile(file: string): number {
  try {
    return openExisting(file)
  } catch (error) {
    throw isMissing(error) ? noFile() : error
  }
}

function shaOf(file: string | undefined, suffix: string): string {
  const name = file?.endsWith(suffix) === true ? file.slice(0, -suffix.length) : ''
  if (/^[0-9a-f]{64}$/.test(name)) return name
  throw noFile()
}

function noFile(): HttpError {
  return new HttpError(404, 'VARVE_OBJECT_MISSING', 'no such file in the store')
}
