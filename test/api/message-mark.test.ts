// Editors on Windows save texts with a byte order mark in front.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const mark = '\ufeff'

test('messages that begin with a byte order mark leave a repository that can be read', async () => {
  const dir = path.join(temporaryDir(), 'data')
  const author = { name: 'Ada', email: 'ada@example.org' }
  const repo = await Repository.init(dir, { author })
  fs.writeFileSync(path.join(dir, 'a.txt'), 'a\n')
  await repo.add(['a.txt'])
  for (const message of [`${mark}one`, `${mark}${'two '.repeat(40)}`]) {
    await repo.commit({ message, allowEmpty: true })
    expect((await repo.log().next()).value).toMatchObject({ message })
  }
  await repo.close()
  const again = await Repository.open(dir)
  expect((await again.log().next()).value).toMatchObject({ message: `${mark}${'two '.repeat(40)}` })
  await again.close()
})
