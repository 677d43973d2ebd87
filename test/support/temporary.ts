// A directory of a test's own, removed when the test file is done.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'

const dirs: string[] = []

export function temporaryDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-'))
  dirs.push(dir)
  return dir
}

afterAll(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
}, 60_000)
