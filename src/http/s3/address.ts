// What `s3://bucket/prefix` names. As AWS's tools have it, the prefix stands for itself: nothing in it is decoded, so
// 's3://b/a%20b' is a key with a percent sign. Requests carry each byte that could mean something else encoded.
import { VarveError } from '../../base/errors.ts'
import type { S3Settings } from './settings.ts'

export interface S3Address {
  readonly bucket: string
  /** '' or 'a/b/'. */
  readonly prefix: string
}

/** Where requests go: 'https://host' and the path of the bucket there, '' in virtual-host style. */
export interface S3Place {
  readonly origin: string
  readonly root: string
  readonly isAmazon: boolean
}

const keyBytesMax = 1024
/** The longest of our own names. */
const nameBytesMax = 80

/** @throws VarveError VARVE_USAGE */
export function parseS3Url(url: string): S3Address {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(url) ?? []
  const prefix = rest.replace(/\/+$/, '')
  const fault =
    faultOfBucket(bucket) ??
    (prefix !== '' && prefix.split('/').some((part) => ['', '.', '..'].includes(part))
      ? "its prefix has an empty part, '.' or '..'"
      : Buffer.byteLength(prefix) > keyBytesMax - nameBytesMax
        ? 'its prefix is too long'
        : null)
  if (fault === null) return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
  throw new VarveError('VARVE_USAGE', `'${url}' does not name an S3 store: ${fault}`, {
    data: { url },
    hint: 's3://BUCKET/PREFIX',
  })
}

function faultOfBucket(bucket: string): string | null {
  if (bucket === '') return 'the bucket is missing'
  if (bucket.includes('@')) return 'credentials do not belong in a URL'
  const isName = /^[a-z0-9][a-z0-9._-]{1,254}$/i.test(bucket) && !bucket.includes('..')
  return isName ? null : 'the bucket has no valid name'
}

export function placeOf(address: S3Address, settings: S3Settings, region: string): S3Place {
  const isAmazon =
    settings.endpoint === null || /(^|\.)amazonaws\.com(\.cn)?$/.test(settings.endpoint.hostname)
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const endpoint = settings.endpoint ?? new URL(`https://s3.${region}.${suffix}`)
  const base = endpoint.pathname.replace(/\/+$/, '')
  const { bucket } = address
  // A dot in the bucket's name does not fit a wildcard certificate.
  const isHostName = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)
  const virtual =
    settings.addressing === 'virtual' || (settings.addressing === 'auto' && isAmazon && isHostName)
  if (!virtual) return { origin: endpoint.origin, root: `${base}/${encodeKey(bucket)}`, isAmazon }
  return { origin: `${endpoint.protocol}//${bucket}.${endpoint.host}`, root: base, isAmazon }
}

/** Encodes every byte except the slash and the unreserved ones of RFC 3986. */
export function encodeKey(key: string): string {
  return encodeQuery(key).replaceAll('%2F', '/')
}

export function encodeQuery(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
