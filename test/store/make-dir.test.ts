// Making a folder and those above it, by hand: Node's own way never ends in some places.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { makeDir } from '../../src/store/disk/files.ts'
import { temporaryDir } from '../support/temporary.ts'

test('missing folders are made, those that are there stay, a file in the way is told', () => {
  const dir = temporaryDir()
  makeDir(path.join(dir, 'a/b/c'), 0o700)
  makeDir(path.join(dir, 'a/b/c'))
  expect(fs.statSync(path.join(dir, 'a/b/c')).mode & 0o777).toBe(0o700)
  fs.writeFileSync(path.join(dir, 'file'), '')
  for (const inTheWay of ['file', 'file/below'])
    expect(() => makeDir(path.join(dir, inTheWay))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^VARVE_/) as string }),
    )
})

test.skipIf(!fs.existsSync('/proc/self'))(
  'below a folder that takes nothing and says it is missing (/proc; skipped where there is none) it fails at once',
  () => {
    expect(() => makeDir('/proc/varve/a')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^VARVE_/) as string }),
    )
  },
)
