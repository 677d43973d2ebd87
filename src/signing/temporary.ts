// Files for programs that read nothing else, in a folder that only this user can look into, gone when the work is done.
import fs from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import type { SigningContext } from './interface.ts'

export async function withTemporary<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = fs.mkdtempSync(path.join(tmpdir(), 'varve-sign-'))
  try {
    return await work(dir)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

/** The file's path. */
export function temporaryFile(dir: string, name: string, content: string | Uint8Array): string {
  const file = path.join(dir, name)
  fs.writeFileSync(file, content, { mode: 0o600, flag: 'wx' })
  return file
}

/** As settings name files: from the user's home where it begins with '~/'. */
export function fileNamed(name: string, { environment }: SigningContext): string {
  return path.resolve(
    name.startsWith('~/') ? path.join(environment['HOME'] || homedir(), name.slice(2)) : name,
  )
}

export function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true
}
