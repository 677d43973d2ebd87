import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from './varve.ts'

test("README's transcript is what the tour prints", { timeout: 120_000 }, () => {
  const transcript = execFileSync(process.execPath, [path.join(root, 'bin/tour.js')], { encoding: 'utf8' })
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const [, block] = /<!-- tour -->\n```console\n([^]*?)```\n/.exec(readme) ?? []
  expect(block).toBe(transcript.trimStart())
})
