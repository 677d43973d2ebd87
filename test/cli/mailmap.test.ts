// People under several names: .mailmap and the trailers of messages, held against Git.
import fs from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()
let second = 0

const mailmap = `# whom is whom
Ada Lovelace <ada@example.org>
Ada Lovelace <ada@example.org> <Ada@Home.Example>
<zoe@example.org> <zoe@old.example>
Émilie du Châtelet <emilie@example.org> em <shared@example.org>
No address
 Grace <grace@example.org> <GRACE@NAVY.example> # trailing words
`

async function commit(author: string, message: string): Promise<void> {
  put('a.txt', `${second}\n`)
  await both('add', '.')
  const date = `2024-05-01T10:00:${String(second++).padStart(2, '0')}Z`
  const args = ['commit', '-q', `--author=${author}`, `--date=${date}`, '-m', message]
  gitIn(at('theirs'), { GIT_COMMITTER_DATE: date, GIT_COMMITTER_NAME: 'Ada Lovelace' })(...args)
  await ok(...args)
}

beforeAll(async () => {
  await begin()
  put('.mailmap', mailmap)
  await commit('ada <ada@example.org>', 'First')
  await commit(
    'A.L.x <ada@home.example>',
    'Second\n\nCo-authored-by: Zoe <ZOE@old.example>\nReviewed-by: nobody',
  )
  await commit('Zoe <zoe@old.example>', 'Third\n\nCo-authored-by: no trailer: this is the body\nso it ends')
  await commit('EM <shared@example.org>', 'Fourth\n\nBody.\n\nco-authored-by: Zoe\n <zoe@old.example>')
  await commit('other <shared@example.org>', 'Co-authored-by: Zoe <zoe@example.org>')
  await commit(
    'grace <grace@navy.example>',
    'Sixth\n\nwords\nSigned-off-by: Em <shared@example.org>\nCo-authored-by: x',
  )
}, 60_000)

test('names and addresses are shown as Git shows them', async () => {
  for (const args of [
    ['log', '--format=%aN|%aE|%aL|%cN|%cE|%cL|%an|%ae'],
    ['log', '--no-mailmap', '--format=%aN|%an'],
    ['log', '--author=lovelace', '-i', '--format=%s'],
    ['log', '--author=a.l.x', '-i', '--format=%s'],
    ['log', '--no-mailmap', '--author=A.L.x', '--format=%s'],
    ['shortlog', '-sne', 'HEAD'],
    ['shortlog', 'HEAD'],
  ])
    expect([args, await ok(...args)]).toEqual([args, git(...args)])
  const authors = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('Author:'))
  for (const args of [
    ['log'],
    ['log', '--no-mailmap'],
    ['show', 'HEAD~1'],
    ['show', '--no-mailmap', 'HEAD~1'],
  ])
    expect([args, authors(await ok(...args))]).toEqual([args, authors(git(...args))])
  const blamed = (text: string): string => text.replace(/^\S+ \((.*?) \d{4}-.*$/s, '$1')
  expect(blamed(await ok('blame', 'a.txt'))).toBe('Grace')
  expect(blamed(git('blame', 'a.txt'))).toBe('Grace')
})

test('check-mailmap says it of anybody', async () => {
  const contacts = [
    'x <ADA@home.example>',
    '<zoe@old.example>',
    'em <Shared@example.org>',
    'Nobody <n@x.example>',
  ]
  expect(await ok('check-mailmap', ...contacts)).toBe(git('check-mailmap', ...contacts))
  expect(await varve('check-mailmap', 'nobody')).toMatchObject({ code: 2 })
  expect(await varve('check-mailmap')).toMatchObject({ code: 2 })
})

test('commits are grouped by authors, committers and trailers', async () => {
  for (const groups of [
    ['committer'],
    ['trailer:Co-authored-by'],
    ['author', 'trailer:co-authored-by'],
    ['author', 'committer'],
    ['trailer:reviewed-by'],
  ])
    for (const more of [['-s'], ['-sne'], []]) {
      const args = ['shortlog', ...more, ...groups.map((group) => `--group=${group}`), 'HEAD']
      expect([args, await ok(...args)]).toEqual([args, git(...args)])
    }
  expect(await varve('shortlog', '--group=nobody')).toMatchObject({ code: 2 })
})

test('a setting turns it off, and a mailmap that is a symlink or missing changes nothing', async () => {
  await ok('config', 'log.mailmap', 'false')
  expect(await ok('log', '-i', '--author=lovelace', '--format=%s')).toBe('')
  expect(await ok('log', '--mailmap', '-1', '--author=grace@example', '--format=%s')).toBe('Sixth\n')
  await ok('config', '--unset', 'log.mailmap')
  fs.renameSync(at('ours', '.mailmap'), at('ours', 'elsewhere'))
  expect(await ok('log', '-1', '--format=%aN')).toBe('grace\n')
  fs.symlinkSync('elsewhere', at('ours', '.mailmap'))
  expect(await ok('log', '-1', '--format=%aN')).toBe('grace\n')
})

test('without files around it a repository takes that of HEAD', async () => {
  await ok('clone', '--bare', '.', '../bare')
  const repo = await Repository.open(at('bare'))
  const ada = { name: 'x', email: 'ADA@HOME.EXAMPLE' }
  expect((await repo.mailmap()).of(ada)).toEqual({ name: 'Ada Lovelace', email: 'ada@example.org' })
  const found: string[] = []
  for await (const { message } of repo.log({ author: 'lovelace', mailmap: await repo.mailmap() }))
    found.push(message.split('\n', 1)[0]!)
  expect(found).toEqual(['Second', 'First'])
  await repo.close()
})

test('mailmap.blob and mailmap.file count before .mailmap, as in Git', async () => {
  const shown = ['log', '--format=%aN <%aE>']
  fs.writeFileSync(at('blob'), 'By Blob <ada@example.org>\nZ. <zoe@example.org> <zoe@old.example>\n')
  for (const place of ['ours', 'theirs']) {
    fs.rmSync(at(place, '.mailmap'), { force: true })
    fs.mkdirSync(at(place, 'people'), { recursive: true })
    fs.copyFileSync(at('blob'), at(place, 'people', 'map'))
  }
  put('.mailmap', mailmap)
  await both('add', 'people/map')
  await both('commit', '-q', '-m', 'Map', '--author=em <shared@example.org>')
  await both('config', 'mailmap.blob', 'HEAD:people/map')
  expect(await ok(...shown)).toBe(git(...shown))
  expect(await ok(...shown)).toContain('By Blob <ada@example.org>')
  fs.writeFileSync(at('names'), 'By File <ada@example.org>\n')
  await both('config', 'mailmap.file', '../names')
  expect(await ok(...shown)).toBe(git(...shown))
  expect(await ok(...shown)).toContain('By File <ada@example.org>')
  for (const args of [
    ['shortlog', '-sne', 'HEAD'],
    ['check-mailmap', 'ada <ada@example.org>'],
    ['log', '--author=By File', '--format=%s'],
  ])
    expect([args, await ok(...args)]).toEqual([args, git(...args)])
  await both('config', 'mailmap.blob', 'HEAD:nothing')
  await both('config', 'mailmap.file', '../nothing')
  expect(await ok(...shown)).toBe(git(...shown))
})
