// DVC's cache beside the repository, as DVC 3 and DVC 2 lay it out: where `.dvc/config.local` and `.dvc/config` say, or in
// `.dvc/cache`.
import fs from 'node:fs'
import path from 'node:path'
import { collect } from '../../base/iterables.ts'
import { concatBytes } from '../../base/bytes.ts'
import { checkedFile, firstFile } from './stored-file.ts'

/** Lists of some 500,000 files. */
const listBytesMax = 64 << 20
const configBytesMax = 1 << 20

export class DvcCache {
  readonly #dir: string

  /** `root`: the folder that holds `.dvc`. */
  constructor(root: string) {
    const dvc = path.join(root, '.dvc')
    const named = ['config.local', 'config'].map((name) => cacheDirIn(path.join(dvc, name)))
    this.#dir = path.resolve(dvc, named.find((dir) => dir !== null) ?? 'cache')
  }

  /** null: its bytes are not there. */
  open(md5: string): AsyncIterable<Uint8Array> | null {
    const file = this.#fileOf(md5)
    return file === null ? null : checkedFile(file, { algorithm: 'md5', digest: md5, orWithoutCr: true })
  }

  /** The list of a folder's files; null: it is not there, or too long. */
  async list(md5: string): Promise<Uint8Array | null> {
    const file = this.#fileOf(md5, '.dir')
    if (file === null || fs.statSync(file).size > listBytesMax) return null
    return concatBytes(await collect(checkedFile(file, { algorithm: 'md5', digest: md5 })))
  }

  #fileOf(md5: string, suffix = ''): string | null {
    const name = path.join(md5.slice(0, 2), md5.slice(2) + suffix)
    return firstFile([path.join(this.#dir, 'files', 'md5', name), path.join(this.#dir, name)])
  }
}

/** `dir` in the section `cache`. */
function cacheDirIn(file: string): string | null {
  if (firstFile([file]) === null || fs.statSync(file).size > configBytesMax) return null
  const section = /^[ \t]*\[\s*cache\s*\]([^[]*)/m.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? ''
  return /^[ \t]*dir[ \t]*=[ \t]*(.+?)[ \t]*$/m.exec(section)?.[1] ?? null
}
