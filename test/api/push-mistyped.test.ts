// A push of what is not here leaves no empty repository where its remote would be.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

test.each([
  [['nope'], 'VARVE_REF_NOT_FOUND'],
  [['main', 'nope:other'], 'VARVE_REF_NOT_FOUND'],
  [[':gone'], 'VARVE_UNREACHABLE'],
  [['main:'], 'VARVE_USAGE'],
])('a push of %j to a folder that is not there makes none', async (refspecs, code) => {
  const dir = temporaryDir()
  await using repo = await Repository.init(path.join(dir, 'repo'), {
    author: { name: 'Ada', email: 'ada@example.org' },
  })
  await repo.commit({ message: 'First', allowEmpty: true })
  const remote = path.join(dir, 'remote')
  await expect(repo.push(remote, refspecs)).rejects.toMatchObject({ code })
  expect(fs.existsSync(remote)).toBe(false)
  await repo.push(remote, ['main'])
  expect(fs.existsSync(remote)).toBe(true)
})

test('nor does the push of a branch without commits', async () => {
  const dir = temporaryDir()
  await using repo = await Repository.init(path.join(dir, 'repo'), {})
  const remote = path.join(dir, 'remote')
  await expect(repo.push(remote)).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
  expect(fs.existsSync(remote)).toBe(false)
})
