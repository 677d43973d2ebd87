// Uploading packs for a push, in pieces: HEAD tells how much is here, PUT goes on from there.
import type { IncomingMessage } from 'node:http'
import { addAbortSignal } from 'node:stream'
import type { Exchange, Route } from '../interface.ts'
import { HttpError } from '../answers.ts'
import { json, notFound, object, repoParameter } from './schemas.ts'

const packParameter = {
  name: 'pack',
  in: 'path',
  about: 'name of the pack, as at its end: 32 bytes that no other upload has',
  schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
} as const
const offsetHeader = { 'upload-offset': 'how many bytes of the pack are here' }
const path = '/v1/repos/{repo}/uploads/{pack}'

export const uploadRoutes: readonly Route[] = [
  {
    method: 'HEAD',
    path,
    operation: 'getUpload',
    about: 'How much of a pack is here',
    access: 'write',
    parameters: [repoParameter, packParameter],
    answers: { 200: { about: 'see the header', headers: offsetHeader }, 404: notFound },
    handle: async (exchange) => {
      const pack = packOf(exchange)
      const size = exchange.services.uploads.size(placeOf(exchange), pack)
      exchange.response.writeHead(200, { 'upload-offset': String(size), 'cache-control': 'no-store' }).end()
    },
  },
  {
    method: 'PUT',
    path,
    operation: 'putUpload',
    about: 'Adds a piece to a pack; what arrives before a connection is cut stays',
    access: 'write',
    parameters: [
      repoParameter,
      packParameter,
      {
        name: 'upload-offset',
        in: 'header',
        about: 'where the piece begins: how many bytes are here already (default 0)',
        schema: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
      },
      {
        name: 'upload-length',
        in: 'header',
        about: 'how many bytes the whole pack has: it is checked as soon as they are here, and takes no more',
        schema: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
      },
    ],
    body: { type: 'application/octet-stream', schema: {} },
    answers: {
      200: {
        ...json('how many bytes are here now', object({ offset: { type: 'integer' } })),
        headers: offsetHeader,
      },
      404: notFound,
      409: { about: 'it goes on at another offset, which the header tells', headers: offsetHeader },
      507: { about: 'no space left' },
    },
    handle: async (exchange) => {
      const { request, response, services, signal } = exchange
      const from = countIn(request, 'upload-offset')
      const length = countIn(request, 'upload-length')
      const pack = packOf(exchange)
      const offset = await services.uploads.write(
        placeOf(exchange),
        pack,
        from ?? 0,
        addAbortSignal(signal, request).iterator({ destroyOnReturn: false }),
        length,
      )
      response.writeHead(200, { 'upload-offset': String(offset), 'content-type': 'application/json' })
      response.end(JSON.stringify({ offset }))
    },
    isLong: true,
  },
]

export function placeOf({ params, principal }: Exchange): {
  repository: string
  principal: Exchange['principal']
} {
  return { repository: params['repo']!, principal }
}

function countIn({ headers }: IncomingMessage, name: string): number | null {
  const header = headers[name]
  if (header === undefined) return null
  if (/^\d{1,15}$/.test(String(header))) return Number(header)
  throw new HttpError(400, 'VARVE_USAGE', `${name} is a whole number`)
}

function packOf({ params }: Exchange): string {
  const pack = params['pack']!
  if (/^[0-9a-f]{64}$/.test(pack)) return pack
  throw new HttpError(404, 'VARVE_PATH_NOT_FOUND', 'no such name of a pack')
}
