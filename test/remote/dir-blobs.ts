// A folder as `WritableBlobs`: what an object store does, without one, and with every request counted. `before` may
// throw, to make any request fail.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../src/base/errors.ts'
import type {
  ManifestFile,
  UploadOptions,
  WritableBlobs,
} from '../../src/remote/transports/blobs/interface.ts'
import { UploadFile } from '../../src/remote/transports/blobs/upload-file.ts'

export class DirBlobs implements WritableBlobs {
  readonly location: string
  readonly manyWriters = true
  readonly requests: string[] = []
  bytesRead = 0
  bytesWritten = 0
  before: (request: string) => void | Promise<void> = () => undefined
  /** The store's own clock. */
  readonly now: () => number = Date.now
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    this.location = `dir:${dir}`
    fs.mkdirSync(dir, { recursive: true })
  }

  async read(name: string, bytesMax: number): Promise<Uint8Array | null> {
    await this.#request(`read ${name}`)
    const file = path.join(this.#dir, name)
    if (!fs.existsSync(file)) return null
    const bytes = fs.readFileSync(file)
    if (bytes.length > bytesMax) throw new VarveError('VARVE_CORRUPT', `'${name}' is too long`)
    this.bytesRead += bytes.length
    return bytes
  }

  async readRange(name: string, offset: number, length: number): Promise<Uint8Array | null> {
    await this.#request(`range ${name}`)
    const file = path.join(this.#dir, name)
    if (!fs.existsSync(file)) return null
    const bytes = fs.readFileSync(file).subarray(offset, offset + length)
    if (bytes.length < length) throw new VarveError('VARVE_CORRUPT', `'${name}' is cut short`)
    this.bytesRead += bytes.length
    return bytes
  }

  async newest(known: ManifestFile | null): Promise<ManifestFile | null> {
    await this.#request('newest')
    const names = fs.existsSync(path.join(this.#dir, 'm'))
      ? fs.readdirSync(path.join(this.#dir, 'm')).sort()
      : []
    if (names.length === 0) throw new VarveError('VARVE_UNREACHABLE', 'no manifest')
    const sequence = Number(names.at(-1))
    const bytes = fs.readFileSync(path.join(this.#dir, 'm', names.at(-1)!))
    return known?.sequence === sequence && Buffer.compare(known.bytes, bytes) === 0
      ? null
      : { sequence, bytes }
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    await this.#request(`create ${name}`)
    const file = path.join(this.#dir, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    try {
      fs.writeFileSync(file, bytes, { flag: 'wx' })
    } catch {
      return false
    }
    this.bytesWritten += bytes.length
    return true
  }

  async upload(name: string, file: string, options: UploadOptions = {}): Promise<void> {
    const target = path.join(this.#dir, name)
    const { size } = fs.statSync(file)
    await this.#request(`upload ${name}`)
    if (fs.existsSync(target)) return
    fs.mkdirSync(path.dirname(target), { recursive: true })
    const opened = await UploadFile.open(file, options.ends)
    fs.writeFileSync(`${target}.part`, await opened.read(0, size))
    await opened.close()
    fs.renameSync(`${target}.part`, target)
    this.bytesWritten += size
  }

  async *list(prefix: string): AsyncGenerator<{ name: string; bytes: number; ageMs: number }> {
    await this.#request(`list ${prefix}`)
    const folder = path.join(this.#dir, prefix)
    if (!fs.existsSync(folder)) return
    for (const found of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!found.isFile()) continue
      const full = path.join(found.parentPath, found.name)
      const { size, mtimeMs } = fs.statSync(full)
      yield { name: path.relative(this.#dir, full), bytes: size, ageMs: this.now() - mtimeMs }
    }
  }

  async remove(names: readonly string[]): Promise<void> {
    await this.#request(`remove ${names.length}`)
    for (const name of names) fs.rmSync(path.join(this.#dir, name), { force: true })
  }

  async #request(request: string): Promise<void> {
    this.requests.push(request)
    await this.before(request)
  }
}
