// One multipart upload: begin or carry on, send parts, complete. Which parts are there the store itself says; the
// journal only remembers the upload's id and how the file was cut, and counts for nothing where it does not fit.
import type { UploadOptions } from '../blobs/interface.ts'
import { VarveError, corrupt } from '../../../base/errors.ts'
import { utf8 } from '../../../base/bytes.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { readJournal, removeJournal, writeJournal } from './journal.ts'
import { faultOf } from '../../../http/s3/refusals.ts'
import { type XmlElement, childText, childrenOf, parseXml } from '../../../http/s3/xml.ts'

export interface Cut {
  readonly size: number
  readonly partBytes: number
}

const listBytesMax = 1 << 20
const idLengthMax = 2048

export class MultipartUpload {
  readonly partBytes: number
  readonly #client: S3Client
  readonly #key: string
  readonly #id: string
  readonly #size: number
  readonly #options: UploadOptions
  /** ETag by part number, as the store gave it. */
  readonly #tags: Map<number, string>

  private constructor(
    client: S3Client,
    key: string,
    cut: Cut,
    options: UploadOptions,
    found: { id: string; tags: Map<number, string> },
  ) {
    this.#client = client
    this.#key = key
    this.#size = cut.size
    this.partBytes = cut.partBytes
    this.#options = options
    this.#id = found.id
    this.#tags = found.tags
  }

  static async begin(
    client: S3Client,
    key: string,
    cut: Cut,
    options: UploadOptions,
  ): Promise<MultipartUpload> {
    const { journal, signal } = options
    const facts = { version: 1, location: client.location, key, size: cut.size, partBytes: cut.partBytes }
    const known = journal === undefined ? null : await readJournal(journal)
    const fits = Object.entries(facts).every(([name, fact]) => known?.[name] === fact)
    if (fits && isId(known?.['id'])) {
      const id = known['id']
      const tags = await partsAt(client, key, id, cut, signal)
      if (tags !== null) return new MultipartUpload(client, key, cut, options, { id, tags })
    }
    const answer = await client.send({
      method: 'POST',
      key,
      query: { uploads: '' },
      bytesMax: listBytesMax,
      signal,
    })
    const id = childText(parseXml(answer.body), 'UploadId')
    if (!isId(id)) throw corrupt(`'${client.location}' begins an upload without a name for it`)
    if (journal !== undefined) await writeJournal(journal, { ...facts, id })
    return new MultipartUpload(client, key, cut, options, { id, tags: new Map() })
  }

  lengthOf(number: number): number {
    return partLength({ size: this.#size, partBytes: this.partBytes }, number)
  }

  missing(): number[] {
    const count = Math.ceil(this.#size / this.partBytes)
    return Array.from({ length: count }, (_, index) => index + 1).filter((number) => !this.#tags.has(number))
  }

  /** Sends a part; returns false when the store no longer knows the upload. */
  async send(number: number, body: Uint8Array): Promise<boolean> {
    const answer = await this.#client.send({
      method: 'PUT',
      key: this.#key,
      query: { partNumber: String(number), uploadId: this.#id },
      body,
      expected: [404],
      signal: this.#options.signal,
    })
    if (answer.status === 404) return this.#isGone(answer.body)
    const tag = answer.headers['etag']
    if (tag === undefined)
      throw corrupt(`'${this.#client.location}' takes a part without an answer that names it`)
    this.#tags.set(number, tag)
    return true
  }

  /** False when the store no longer knows the upload, or not all of its parts. */
  async complete(): Promise<boolean> {
    if (this.missing().length > 0) return this.#forget()
    const parts = [...this.#tags].sort(([a], [b]) => a - b)
    const items = parts.map(
      ([number, tag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
    )
    const answer = await this.#client.send({
      method: 'POST',
      key: this.#key,
      query: { uploadId: this.#id },
      body: utf8(`<CompleteMultipartUpload>${items.join('')}</CompleteMultipartUpload>`),
      bytesMax: listBytesMax,
      expected: [404, 400],
      signal: this.#options.signal,
    })
    // A store that needs long answers 200 first, and the body may be an error all the same.
    const fault = faultOf(answer)
    if (answer.status < 300 && parseXml(answer.body).name === 'CompleteMultipartUploadResult') {
      await this.#forget()
      return true
    }
    if (lost.has(fault.code)) return this.#forget()
    if (answer.status < 300) throw completeFailed(this.#client.location, fault.code)
    throw await this.#client.refusal(fault)
  }

  async abandon(): Promise<void> {
    const query = { uploadId: this.#id }
    await this.#client.send({ method: 'DELETE', key: this.#key, query, expected: [404] })
  }

  async #isGone(body: Uint8Array): Promise<boolean> {
    const fault = faultOf({ status: 404, headers: {}, body })
    if (!lost.has(fault.code)) throw await this.#client.refusal(fault)
    return this.#forget()
  }

  async #forget(): Promise<false> {
    if (this.#options.journal !== undefined) await removeJournal(this.#options.journal)
    return false
  }
}

const lost: ReadonlySet<string> = new Set([
  'NoSuchUpload',
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
])

/** 405 and 501: a store that cannot list parts. */
const unknown: readonly number[] = [404, 405, 501]

/** The parts that the store has, with their tags; null when it no longer knows the upload, or cannot tell. */
async function partsAt(
  client: S3Client,
  key: string,
  id: string,
  cut: Cut,
  signal: AbortSignal | undefined,
): Promise<Map<number, string> | null> {
  const tags = new Map<number, string>()
  for (let after = '0'; ;) {
    const answer = await client.send({
      method: 'GET',
      key,
      query: { uploadId: id, 'part-number-marker': after },
      bytesMax: listBytesMax,
      expected: unknown,
      signal,
    })
    if (unknown.includes(answer.status)) return null
    const root = parseXml(answer.body)
    for (const part of childrenOf(root, 'Part')) notePart(part, cut, tags)
    const next = childText(root, 'NextPartNumberMarker') ?? ''
    if (childText(root, 'IsTruncated') !== 'true') return tags
    if (!(Number(next) > Number(after)))
      throw corrupt(`'${client.location}' lists the same parts without end`)
    after = next
  }
}

/** Notes a part of the right size; others are sent again. */
function notePart(part: XmlElement, cut: Cut, tags: Map<number, string>): void {
  const number = Number(childText(part, 'PartNumber'))
  const tag = childText(part, 'ETag')
  const isOurs = Number.isInteger(number) && number >= 1 && number <= Math.ceil(cut.size / cut.partBytes)
  if (isOurs && tag !== null && Number(childText(part, 'Size')) === partLength(cut, number))
    tags.set(number, tag)
}

function partLength({ size, partBytes }: Cut, number: number): number {
  return Math.min(partBytes, size - (number - 1) * partBytes)
}

function completeFailed(location: string, code: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `'${location}' could not put an upload together`, {
    data: { s3Code: code },
    hint: 'run the command again: what was sent is kept',
  })
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= idLengthMax
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
