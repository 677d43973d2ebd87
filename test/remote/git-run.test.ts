// Git as a program that is run: what becomes of one that ends before it has read what it was asked.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runGitForOutput } from '../../src/remote/transports/git/run.ts'
import { temporaryDir } from '../support/temporary.ts'

test.each([128, 0])('git that ends with %i before it has read all is told as what it said', (code) => {
  const dir = temporaryDir()
  fs.writeFileSync(path.join(dir, 'git'), `#!/bin/sh\necho 'fatal: the line went down' >&2\nexit ${code}\n`, {
    mode: 0o755,
  })
  const git = { dir, environment: { PATH: `${dir}:${process.env['PATH']!}` } }
  expect(() => runGitForOutput(git, ['cat-file', '--batch'], 'x'.repeat(4 << 20), 1 << 20)).toThrow(
    expect.objectContaining({
      code: 'VARVE_CORRUPT',
      message: expect.stringContaining('the line went down'),
    }),
  )
})
