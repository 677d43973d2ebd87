// Pushing to a server of ours: packs go into its quarantine, in pieces that carry on after an interruption, and then one
// request moves the refs, all of them or none. The server checks everything again; it does not take our word for
// anything, and it is asked with what each ref was when we looked.
import fs from 'node:fs'
import path from 'node:path'
import { throwIfAborted, VarveError } from '../../../base/errors.ts'
import { type Cid, digestHex } from '../../../encoding/cid.ts'
import { nextManifest } from '../../../store/change.ts'
import { ioError } from '../../../store/disk/files.ts'
import type { Change, Manifest, ManifestChange } from '../../../store/interface.ts'
import { StaleEpoch } from '../../receive.ts'
import { whileMoving } from '../../while-moving.ts'
import type { UploadOptions } from '../blobs/interface.ts'
import { UploadFile } from '../blobs/upload-file.ts'
import type { Publisher, PublishOptions } from '../blobs/publish.ts'
import type { HttpAnswer, HttpClient } from '../../../http/client.ts'
import type { ServedBlobsOptions } from './served-blobs.ts'
import { refusedBy } from './served-errors.ts'

const pieceBytes = 8 << 20
const answerBytesMax = 16 << 20
/** The server walks through all that is new before it answers. */
const pushMsMax = 3_600_000
const racesMax = 100
const stallsMax = 5
const refusals = [400, 403, 404, 409, 413, 415, 422]

export class ServedPublisher implements Publisher {
  readonly #client: HttpClient
  readonly #api: string
  readonly #location: string
  /** Until it finds that one of ours is damaged: hashing here then says which, or mends it. */
  checksPacks = true

  constructor({ client, api, location }: Omit<ServedBlobsOptions, 'format'>) {
    this.#client = client
    this.#api = api
    this.#location = location
  }

  readonly upload = async (name: string, file: string, options: UploadOptions = {}): Promise<void> => {
    const { signal, journal } = options
    const target = `${this.#api}/uploads/${path.basename(name, '.pack')}`
    const opened = await UploadFile.open(file, options.ends)
    try {
      const { size } = opened
      // Fresh memory for each piece would cost as much as hashing it.
      const memory = Buffer.allocUnsafeSlow(Math.min(pieceBytes, size))
      let offset = await this.#begun(target, journal, signal)
      for (let stalls = 0; offset < size;) {
        throwIfAborted(signal)
        const piece = await opened.read(offset, Math.min(pieceBytes, size - offset), memory)
        const next = this.#offsetIn(await this.#put(target, { offset, size, piece }, signal))
        // Another try of ours may have been there; but a server that never goes on must not keep us for ever.
        if (next <= offset && ++stalls > stallsMax) throw this.#stalled(next)
        offset = next
      }
    } finally {
      await opened.close()
    }
  }

  readonly publish = async (change: Change, { home, writer, signal }: PublishOptions): Promise<Manifest> => {
    let entry = await home.entry()
    for (let race = 0; race < racesMax; race++) {
      throwIfAborted(signal)
      const current = await home.manifestOf(entry)
      const wanted = await change(current)
      if (wanted === null) return current
      const spool = await writer.flush()
      const updates = updatesOf(current, wanted)
      if (updates.length === 0) return current
      const packs = spool?.packs().map((pack) => pack.name) ?? []
      const asked = {
        method: 'POST' as const,
        path: `${this.#api}/refs`,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ updates, packs, epoch: current.gcEpoch })),
        expected: refusals,
        bytesMax: answerBytesMax,
        patienceMs: pushMsMax,
        signal,
      }
      const where = { location: this.#location, signal }
      const answer = await whileMoving(where, () => this.#client.send(asked))
      if (answer.status === 200) {
        if (!isReport(answer.body)) await this.#expectMoved(home, updates)
        await writer.clear()
        return nextManifest(current, wanted, Date.now())
      }
      if (answer.status !== 409) {
        const refusal = refusedBy(this.#location, answer.status, answer.body)
        if (refusal.code !== 'VARVE_CORRUPT' || spool?.isUnchecked !== true) throw refusal
        this.checksPacks = false
        await writer.clear()
        throw new StaleEpoch(refusal.message)
      }
      // Somebody was faster: what they did decides whether ours still holds.
      const before = entry
      entry = await home.refresh()
      if (entry === before) throw refusedBy(this.#location, answer.status, answer.body)
    }
    throw new VarveError('VARVE_UNREACHABLE', `'${this.#location}' is moved by others all the time`, {
      hint: 'try again later',
    })
  }

  /** A login page or an idle proxy may have answered: the refs themselves tell. */
  async #expectMoved(home: PublishOptions['home'], updates: readonly SentUpdate[]): Promise<void> {
    const { refs } = await home.manifestOf(await home.refresh())
    if (updates.every(({ ref, after }) => idOf(refs.get(ref)) === after)) return
    throw new VarveError(
      'VARVE_UNREACHABLE',
      `'${this.#location}' does not answer as a server of ours does`,
      {
        data: { location: this.#location },
        hint: 'no branch has moved there; something in between may have answered: look at the network, and push again',
      },
    )
  }

  /** The offset at which an upload goes on that was begun before. */
  async #begun(
    target: string,
    journal: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (journal === undefined) return 0
    if (fs.existsSync(journal))
      return this.#offsetIn(await this.#client.send({ method: 'HEAD', path: target, signal }))
    try {
      fs.writeFileSync(journal, '')
    } catch (cause) {
      throw ioError(cause, journal)
    }
    return 0
  }

  #put(
    target: string,
    { offset, size, piece }: { offset: number; size: number; piece: Uint8Array },
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    return this.#client.send({
      method: 'PUT',
      path: target,
      headers: {
        'upload-offset': String(offset),
        'upload-length': String(size),
        'content-type': 'application/octet-stream',
      },
      body: piece,
      // A piece may have arrived though its answer did not: the server says where to go on.
      expected: [409],
      bytesMax: 64 << 10,
      signal,
    })
  }

  #stalled(offset: number): VarveError {
    return new VarveError(
      'VARVE_UNREACHABLE',
      `'${this.#location}' takes no more of a pack than ${offset} bytes`,
      {
        data: { location: this.#location, offset },
        hint: 'nothing has been changed there; run the command again, or ask whoever runs the server',
      },
    )
  }

  #offsetIn({ headers, status, body }: HttpAnswer): number {
    const offset = headers['upload-offset'] ?? ''
    if (/^\d{1,15}$/.test(offset)) return Number(offset)
    throw refusedBy(this.#location, status, body)
  }
}

interface SentUpdate {
  readonly ref: string
  readonly before: string | null
  readonly after: string | null
  /** Whether commits may be lost by it was asked before: here it is only a matter of `before`. */
  readonly force: true
}

/** Whether the body is a report as the server's API describes it. */
function isReport(body: Uint8Array): boolean {
  try {
    const { updates, sequence } = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>
    return Array.isArray(updates) && Number.isSafeInteger(sequence)
  } catch {
    return false
  }
}

function idOf(cid: Cid | null | undefined): string | null {
  return cid ? digestHex(cid) : null
}

function updatesOf(current: Manifest, change: ManifestChange): SentUpdate[] {
  return [...(change.refs ?? [])].flatMap(([ref, after]) =>
    (current.refs.get(ref) ?? null) === after
      ? []
      : [{ ref, before: idOf(current.refs.get(ref)), after: idOf(after), force: true }],
  )
}
