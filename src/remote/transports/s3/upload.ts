// Sends a local file. A name stands for its content, so what is there with the right size is not sent again, unless it has
// lain there for long: a gc may be about to take it for left over, and sent again it is new. Large files go in parts,
// several at a time; the journal keeps the upload's id, so that after a kill the store is asked which parts it has and only
// the others are sent. The file appears at once and whole, when all of it is there.
import { setTimeout as sleep } from 'node:timers/promises'
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { UploadOptions } from '../blobs/interface.ts'
import { UploadFile } from '../blobs/upload-file.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { storeTimeMs } from '../../../http/s3/listing.ts'
import { isStored, notStored } from '../../../http/s3/refusals.ts'
import { MultipartUpload } from './multipart.ts'

/** Below this a question costs more than sending. */
const askFrom = 256 << 10
export const partBytesDefault: number = 8 << 20
const partsAtOnce = 4
const turnsMax = 3
/** Age up to which a file counts as sent: half of what a gc leaves alone. */
const ageMsMax = 12 * 3_600_000

export interface UploadSettings {
  readonly partBytes: number
}

export async function upload(
  client: S3Client,
  key: string,
  file: string,
  settings: UploadSettings,
  options: UploadOptions,
): Promise<void> {
  const opened = await UploadFile.open(file, options.ends)
  try {
    const { size } = opened
    if (size >= askFrom && (await isThere(client, key, size, options.signal))) return
    if (size <= settings.partBytes) {
      const body = await opened.read(0, size)
      const answer = await client.send({ method: 'PUT', key, body, signal: options.signal })
      if (!isStored(answer) && !(await isThere(client, key, size, options.signal)))
        throw notStored(client.location)
      return
    }
    await inParts(client, key, opened, { size, partBytes: partBytesFor(size, settings.partBytes) }, options)
  } finally {
    await opened.close()
  }
}

async function isThere(
  client: S3Client,
  key: string,
  size: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { status, headers } = await client.send({ method: 'HEAD', key, expected: [404], signal })
  if (status === 404 || Number(headers['content-length']) !== size) return false
  const ageMs = storeTimeMs(headers) - Date.parse(headers['last-modified'] ?? '')
  return !(ageMs > ageMsMax)
}

/** The size of an object; null when there is no such object. */
export async function sizeOf(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const answer = await client.send({ method: 'HEAD', key, expected: [404], signal })
  return answer.status === 404 ? null : Number(answer.headers['content-length'])
}

/** How large parts have to be, so that the file has at most 10,000. */
function partBytesFor(size: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(size / 10_000))
}

async function inParts(
  client: S3Client,
  key: string,
  file: UploadFile,
  cut: { size: number; partBytes: number },
  options: UploadOptions,
): Promise<void> {
  for (let turn = 1; ; turn++) {
    throwIfAborted(options.signal)
    const parts = await MultipartUpload.begin(client, key, cut, options)
    try {
      await sendParts(parts, file, options)
      if (await parts.complete()) return
    } catch (error) {
      // With a journal the next run carries on; without one nobody could.
      if (options.journal === undefined) await parts.abandon().catch(() => undefined)
      throw error
    }
    // The upload was gone: the store dropped it, or an earlier run had finished it.
    if ((await sizeOf(client, key, options.signal)) === cut.size) return
    if (turn >= turnsMax) {
      throw new VarveError(
        'VARVE_UNREACHABLE',
        `'${client.location}' drops uploads before they are complete`,
        {
          data: { key },
          hint: 'a rule of the bucket may remove unfinished uploads too early',
        },
      )
    }
    await sleep(100 * turn)
  }
}

async function sendParts(parts: MultipartUpload, file: UploadFile, options: UploadOptions): Promise<void> {
  const missing = parts.missing()
  let failed = false
  const lane = async (): Promise<void> => {
    for (let number = missing.shift(); number !== undefined && !failed; number = missing.shift()) {
      throwIfAborted(options.signal)
      const body = await file.read((number - 1) * parts.partBytes, parts.lengthOf(number))
      if (!(await parts.send(number, body))) missing.length = 0
    }
  }
  const lanes = Array.from({ length: Math.min(partsAtOnce, missing.length) }, () =>
    lane().catch((error: unknown) => {
      failed = true
      throw error
    }),
  )
  // All have ended before an error goes on: nothing reads the file after it is closed.
  const ends = await Promise.allSettled(lanes)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
