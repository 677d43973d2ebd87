// Where DVC keeps bytes beside the repository, by MD5, as DVC 3 and DVC 2 lay it out: the cache that `.dvc/config.local` and
// `.dvc/config` name, else `.dvc/cache`, and remotes that are folders. A repository of DVC may lie below Git's root, so
// every `.dvc` above a file of its own is looked at; what has a name is the same wherever it lies.
import fs from 'node:fs'
import path from 'node:path'
import { collect } from '../../base/iterables.ts'
import { concatBytes } from '../../base/bytes.ts'
import { dvcPlaces } from './dvc-config.ts'
import { checkedFile, firstFile } from './stored-file.ts'

/** Lists of some 500,000 files. */
const listBytesMax = 64 << 20

export class DvcCache {
  readonly #root: string
  readonly #places: string[] = []
  readonly #looked = new Set<string>()

  /** `root` is the folder of Git's files. */
  constructor(root: string) {
    this.#root = root
    this.near('')
  }

  /** To be called with the path of each file of DVC's, before what it names is asked for. */
  near(pathBytes: string): void {
    const folders = pathBytes.split('/').slice(0, -1)
    for (let depth = folders.length; depth >= 0; depth--) {
      const folder = Buffer.from(folders.slice(0, depth).join('/'), 'latin1').toString('utf8')
      if (this.#looked.has(folder)) continue
      this.#looked.add(folder)
      this.#places.push(...dvcPlaces(path.join(this.#root, folder, '.dvc')))
    }
  }

  /** The bytes with this digest; null when they are not there. */
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
    return firstFile(
      this.#places.flatMap((dir) => [path.join(dir, 'files', 'md5', name), path.join(dir, name)]),
    )
  }
}
