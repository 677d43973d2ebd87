// Small files of ours are replaced, never changed in place: a temporary name in the same folder, flushed, then renamed.
import * as fs from 'node:fs'
import { randomHex } from '../base/platform.ts'
import { ownerName } from '../store/disk/owner.ts'
import type { Path } from '../files/interface.ts'
import { temporaryPrefix } from './ignore-rules.ts'
import { nativePath, withPathErrors, parentOf } from './native.ts'

// Random once a process: asking for randomness costs as much as writing a small file.
let processPart = ''
let counter = 0

/** A name in the folder of `path` that nothing has and that `status` passes over. */
export function temporaryPath(path: Path): Path {
  const parent = parentOf(path)
  processPart ||= `${ownerName()}-${randomHex(8)}`
  const name = `${temporaryPrefix}${processPart}-${counter++}`
  return parent === '' ? name : `${parent}/${name}`
}

export function replaceFile(root: string, path: Path, text: string): void {
  const temporary = nativePath(root, temporaryPath(path))
  withPathErrors(path, 'writing', () => {
    try {
      fs.writeFileSync(temporary, text, { flag: 'wx', flush: true })
      fs.renameSync(temporary, nativePath(root, path))
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw error
    }
  })
}
