// `varve reset --merge`, held against Git in all that a file, what is staged of it, HEAD and the goal can be.
import fs from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

const text = (place: string, name: string): string | null =>
  fs.existsSync(at(place, name)) ? fs.readFileSync(at(place, name), 'utf8') : null

async function commit(message: string, files: Readonly<Record<string, string | null>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) put(name, content)
  await both('add', '-A')
  await both('commit', '-q', '--allow-empty', '-m', message)
}

function gitWorks(...args: string[]): boolean {
  try {
    git(...args)
    return true
  } catch {
    return false
  }
}

/** f is B in HEAD; branches have it as B, C, and not at all. */
beforeAll(async () => {
  await begin()
  await commit('First', { f: 'B\n', other: 'o\n' })
  for (const [branch, f] of [
    ['B', 'B\n'],
    ['C', 'C\n'],
    ['-', null],
  ] as const) {
    await both('switch', '-q', '-c', `goal${branch}`, 'main')
    await commit('Goal', { f })
  }
})

/** One letter for each content; '-': no file. */
const states = ['B', 'C', '-'].flatMap((goal) =>
  ['A', 'B', 'C', '-'].flatMap((staged) => ['A', 'B', '-'].map((file) => ({ file, staged, goal }))),
)

describe('reset --merge comes to what Git makes of it', () => {
  test.each(states)(
    'the file $file, staged $staged, HEAD B, the goal $goal',
    async ({ file, staged, goal }) => {
      const hold = (letter: string): void => {
        if (letter !== '-' || text('ours', 'f') !== null) put('f', letter === '-' ? null : `${letter}\n`)
      }
      await both('switch', '-q', '-f', '-C', 'here', 'main')
      hold(staged)
      await both('add', '-A', 'f')
      hold(file)
      put('other', 'edited\n')
      // Git takes a file for edited that was written again a second later, until it has looked into it.
      gitWorks('update-index', '-q', '--refresh')
      const theirs = gitWorks('reset', '-q', '--merge', `goal${goal}`)
      const ours = await varve('reset', '-q', '--merge', `goal${goal}`)
      // A file that holds already what it shall become is in nobody's way.
      const isLaxer = file === goal && file !== staged
      if (!isLaxer)
        expect([ours.code, ours.stderr]).toEqual(theirs ? [0, ''] : [29, expect.stringContaining("'f'")])
      if (theirs || !isLaxer)
        expect([
          text('ours', 'f'),
          text('ours', 'other'),
          await ok('status', '--porcelain'),
          await ok('log', '-1', '--format=%s'),
        ]).toEqual([
          text('theirs', 'f'),
          'edited\n',
          git('status', '--porcelain'),
          git('log', '-1', '--format=%s'),
        ])
      fs.rmSync(at('ours', 'f'), { force: true })
      fs.rmSync(at('theirs', 'f'), { force: true })
    },
  )
})

test('reset --merge ends a merge, keeps edits elsewhere, and is one operation', async () => {
  await both('switch', '-q', '-f', '-C', 'here', 'goalC')
  await both('switch', '-q', '-c', 'clash', 'main')
  await commit('Clash', { f: 'D\n' })
  put('other', 'edited\n')
  expect(gitWorks('merge', 'here')).toBe(false)
  expect(await varve('merge', 'here')).toMatchObject({ code: 21 })
  await both('reset', '-q', '--merge')
  for (const place of ['ours', 'theirs'])
    expect([text(place, 'f'), text(place, 'other')]).toEqual(['D\n', 'edited\n'])
  expect(await ok('status', '-s')).toBe(git('status', '-s'))
  expect((await varve('merge', '--abort')).stderr).toContain('there is no merge to abort')
  await both('restore', 'other')
  put('f', 'E\n')
  await both('add', 'f')
  expect(JSON.parse(await ok('reset', '--merge', 'here', '--json'))).toEqual({
    head: (await ok('rev-parse', 'here')).trim(),
  })
  await ok('undo')
  expect([text('ours', 'f'), await ok('status', '-s')]).toEqual(['E\n', 'M  f\n'])
  expect((await varve('reset', '--merge', '--', 'f')).stderr).toContain("'--merge' is for whole commits")
  git('reset', '-q', '--hard')
  await ok('reset', '-q', '--hard')
})
