// Signed commits and tags where they go: to remotes of every kind and back, through gc, fsck, undo and a Git repository; and
// what becomes of the signature where other bytes are made.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type OpenOptions, Repository } from '../../src/index.ts'
import { bareGit, environment as gitEnvironment } from '../support/git-host.ts'
import { hasSsh, sshKeys } from '../support/signing-keys.ts'
import { temporaryDir } from '../support/temporary.ts'

describe.skipIf(!hasSsh)('a signed commit (skipped where ssh-keygen is not installed)', () => {
  const keys = sshKeys()
  const dir = temporaryDir()
  const at = (name: string): string => path.join(dir, name)
  let options: OpenOptions
  let repo: Repository
  let id = ''

  beforeAll(async () => {
    const key = keys.make('ada')
    options = {
      author: { name: 'Ada', email: 'ada@example.org' },
      environment: { ...gitEnvironment },
      signing: { format: 'ssh', key, allowedSigners: keys.allowed },
    }
    repo = await Repository.init(at('mine'), options)
    writeFileSync(at('mine/people.csv'), 'id,name\n1,Ann\n')
    await repo.track('people.csv', { key: ['id'] })
    await repo.add(['.'])
    id = (await repo.commit({ message: 'Signed', sign: true })).id
    await repo.createTag('v1', { message: 'As published', sign: true })
    return async () => repo.close()
  })

  const expectGood = async (there: Repository): Promise<void> => {
    expect(await there.verifyCommit(id)).toMatchObject({ id, code: 'G', valid: true })
    expect(await there.verifyTag('v1')).toMatchObject({ code: 'G', valid: true })
  }

  test('is good after push and clone, in a folder and on a Git host', async () => {
    const host = bareGit()
    for (const url of [at('shared'), host.url]) {
      if (url === at('shared')) await (await Repository.init(url, { ...options, bare: true })).close()
      await repo.addRemote(url === host.url ? 'host' : 'folder', url)
      await repo.push(url === host.url ? 'host' : 'folder', ['main', 'refs/tags/v1'])
      await using clone = await Repository.clone(url, at(`clone-${url === host.url}`), options)
      await expectGood(clone)
    }
  })

  test('is good from a bundle', async () => {
    await repo.createBundle(at('all.bundle'), { all: true })
    await using clone = await Repository.clone(at('all.bundle'), at('unbundled'), options)
    await expectGood(clone)
  })

  test('is good after gc, and fsck finds no fault', async () => {
    await repo.gc({ graceMs: 0 })
    expect((await repo.fsck()).problems).toEqual([])
    await expectGood(repo)
  })

  test('is taken back by undo, and good where a reset brings it back', async () => {
    writeFileSync(at('mine/people.csv'), 'id,name\n1,Ann\n2,Bob\n')
    const next = await repo.commit({ message: 'Next', all: true, sign: true })
    await repo.undo()
    expect((await repo.commitInfo('HEAD')).id).toBe(id)
    await repo.reset(next.id, { mode: 'hard' })
    expect(await repo.verifyCommit('HEAD')).toMatchObject({ id: next.id, code: 'G' })
    await repo.reset(id, { mode: 'hard' })
  })

  test('loses its signature where it is made anew, unless it is signed again', async () => {
    const plain = await repo.commit({ message: 'Reworded', amend: true })
    expect(await repo.verifyCommit(plain.id)).toMatchObject({ code: 'N' })
    const again = await repo.commit({ message: 'Reworded again', amend: true, sign: true })
    expect(await repo.verifyCommit(again.id)).toMatchObject({ code: 'G' })
    await repo.reset(id, { mode: 'hard' })
  })

  test('is a commit of Git like any, without a signature, when it is exported', async () => {
    const target = at('exported.git')
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', target], { env: gitEnvironment })
    await repo.exportGit(target)
    const raw = execFileSync('git', ['-C', target, 'cat-file', 'commit', 'main'], { encoding: 'utf8' })
    expect(raw).toContain('\n\nSigned')
    expect(raw).not.toContain('SIGNATURE')
  })
})
