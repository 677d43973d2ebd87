// Signed requests to one bucket. The library signs; here is what goes wrong around it: a clock that is off is corrected
// by the store's own clock, a bucket that is in another region is asked there, once each. A redirect is never followed
// as such: only a region's name is believed, and only where the host is Amazon's own.
import { AwsV4Signer } from 'aws4fetch'
import { VarveError } from '../../base/errors.ts'
import { toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/platform.ts'
import {
  type Headers,
  type HttpAnswer,
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from '../client.ts'
import { proxyFor } from '../proxy.ts'
import { type S3Address, type S3Place, encodeKey, encodeQuery, placeOf } from './address.ts'
import { CredentialChain } from './credentials.ts'
import { headersOf } from './object-settings.ts'
import { type Fault, explain, faultOf, isAboutKeys, refusal } from './refusals.ts'
import { type S3Settings, isRegion } from './settings.ts'

/** Bodies of refusals; what answers hold is bounded by the request. */
const faultBytesMax = 64 << 10
const connections = 8
const awsAdvice = {
  trust: 'AWS_CA_BUNDLE in the environment, or ca_bundle of the profile, names certificates to trust',
}

export interface S3Request extends Omit<HttpRequest, 'path' | 'headers' | 'body'> {
  /** '' is the bucket. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  /** A function is called for each attempt. */
  readonly headers?: Headers | (() => Headers)
  readonly body?: Uint8Array
  /** Called for the second half of the body, which is sent once it is done. */
  readonly halfway?: () => Promise<void>
}

interface Unsigned {
  readonly method: string
  readonly target: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** How a store is reached, where not only AWS's own settings say so. */
export interface S3Line extends Pick<HttpClientOptions, 'onWait' | 'advice' | 'tls'> {
  /** As of an HTTP client; `store` is where it was. */
  readonly whyCut?: (error: unknown, store: URL) => Promise<unknown>
}

/** What a request went out with: others that are under way may put the same thing right. */
interface Sent {
  readonly ms: number
  readonly aheadMs: number
  readonly region: string
}

/** A body with a pause within, whose length is told all the same: stores take no body of unknown length. */
function inHalves(
  body: Uint8Array,
  halfway: () => Promise<void>,
  sign: () => Promise<Headers>,
): Pick<HttpRequest, 'body' | 'headers'> {
  const middle = body.length >> 1
  const halves = async function* (): AsyncGenerator<Uint8Array> {
    yield body.subarray(0, middle)
    await halfway()
    yield body.subarray(middle)
  }
  return { body: halves, headers: async () => ({ ...(await sign()), 'content-length': String(body.length) }) }
}

export class S3Client {
  readonly address: S3Address
  readonly location: string
  readonly #settings: S3Settings
  readonly #line: S3Line
  readonly #chain: CredentialChain
  #region: string
  #place: S3Place
  #http: HttpClient
  /** Other requests may be under way on one that was left: all are closed at the end. */
  readonly #opened: HttpClient[] = []
  #aheadMs = 0
  /** Keys derived from the secret, which are good for a day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>()

  constructor(address: S3Address, settings: S3Settings, line: S3Line = {}) {
    this.address = address
    this.#settings = settings
    this.#line = line
    this.#chain = new CredentialChain(settings)
    this.#region = settings.region ?? 'us-east-1'
    this.#place = placeOf(address, settings, this.#region)
    const url = `s3://${address.bucket}/${address.prefix}`.replace(/\/$/, '')
    this.location = this.#place.isAmazon ? url : `${url} at ${this.#place.origin}`
    this.#http = this.#connect()
  }

  /** Answers of 200 to 299 and what is expected; all else is thrown. */
  async send(request: S3Request): Promise<HttpAnswer> {
    const mended = new Set<string>()
    for (;;) {
      const sent = { ms: Date.now(), aheadMs: this.#aheadMs, region: this.#region }
      const answer = await this.#http.send(this.#httpRequest(request))
      const { status } = answer
      if (status < 300 || (request.expected?.includes(status) === true && !isAboutKeys(answer))) {
        if (status < 300 && answer.body.length > (request.bytesMax ?? faultBytesMax))
          throw this.#tooLong(request)
        return answer
      }
      const fault = faultOf(answer)
      const cure = this.#cure(fault, answer, sent)
      if (cure === null || mended.has(cure)) throw await this.refusal(fault)
      mended.add(cure)
    }
  }

  /** Tells buckets apart. */
  get store(): string {
    return `${this.#place.origin} ${this.address.bucket}`
  }

  async refusal(fault: Fault): Promise<VarveError> {
    const source = (await this.#chain.current())?.source ?? null
    return refusal(fault, { location: this.location, bucket: this.address.bucket, source })
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((http) => http.close()))
  }

  #connect(): HttpClient {
    const { advice = awsAdvice, onWait, tls, whyCut } = this.#line
    const { origin } = this.#place
    const http = new HttpClient(origin, {
      ca: this.#settings.ca,
      tls,
      advice,
      ...(whyCut === undefined ? {} : { whyCut: (error: unknown) => whyCut(error, new URL(origin)) }),
      proxy: proxyFor(origin, this.#settings.environment),
      connections,
      explain,
      location: this.location,
      onWait,
    })
    this.#opened.push(http)
    return http
  }

  #httpRequest(request: S3Request): HttpRequest {
    const { key, query, headers, body, halfway, ...rest } = request
    const words = Object.entries(query ?? {}).map(
      ([name, text]) => `${encodeQuery(name)}=${encodeQuery(text)}`,
    )
    // Where it goes stays what it was signed for, though another request may find a better place meanwhile.
    const scope = { origin: this.#place.origin, region: this.#region }
    const path = `${this.#place.root}/${encodeKey(key)}`.replace(/(?<=.)\/$/, '') || '/'
    const target = words.length === 0 ? path : `${path}?${words.join('&')}`
    const kept = headersOf(this.#settings.objects, request)
    const own = (): Headers => ({ ...kept, ...(typeof headers === 'function' ? headers() : headers) })
    const sign = (): Promise<Headers> =>
      this.#sign(scope, { method: request.method, target, headers: own(), body })
    return {
      ...rest,
      path: target,
      ...(body === undefined ? {} : { body }),
      headers: sign,
      ...(body === undefined || halfway === undefined ? {} : inHalves(body, halfway, sign)),
      expected: [...(request.expected ?? []), 301, 307, 400, 401, 403, 404, 405, 409, 412, 501, 507],
      bytesMax: Math.max(request.bytesMax ?? 0, faultBytesMax),
    }
  }

  async #sign(
    scope: { origin: string; region: string },
    { method, target, headers, body }: Unsigned,
  ): Promise<Headers> {
    const credentials = await this.#chain.current()
    if (credentials === null) return headers
    const signer = new AwsV4Signer({
      method,
      url: scope.origin + target,
      headers: { ...headers, 'x-amz-content-sha256': toHex(sha256(body ?? new Uint8Array(0))) },
      accessKeyId: credentials.id,
      secretAccessKey: credentials.secret,
      ...(credentials.token === undefined ? {} : { sessionToken: credentials.token }),
      service: 's3',
      region: scope.region,
      cache: this.#signingKeys,
      datetime: new Date(Date.now() + this.#aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    })
    return Object.fromEntries((await signer.sign()).headers)
  }

  /** What was put right, so that it is tried once; null: nothing can be. */
  #cure(fault: Fault, answer: HttpAnswer, sent: Sent): string | null {
    if (fault.code === 'RequestTimeout') return 'pause'
    const theirsMs = Date.parse(answer.headers['date'] ?? '')
    const isSkewed = fault.code === 'RequestTimeTooSkewed' || (fault.status === 403 && fault.code === '')
    if (isSkewed && Math.abs(theirsMs - sent.ms - sent.aheadMs) > 60_000) {
      this.#aheadMs = theirsMs - sent.ms
      return 'clock'
    }
    const { region } = fault
    const isElsewhere = [301, 307, 400].includes(fault.status) && region !== null && isRegion(region)
    if (!isElsewhere || region === sent.region) return null
    this.#region = region
    const before = this.#place.origin
    this.#place = placeOf(this.address, this.#settings, region)
    if (this.#place.origin !== before) this.#http = this.#connect()
    return 'region'
  }

  #tooLong(request: S3Request): VarveError {
    return new VarveError('VARVE_CORRUPT', `'${this.location}' sends more than was asked for`, {
      data: { url: this.location, key: request.key, bytesMax: request.bytesMax ?? 0 },
    })
  }
}
