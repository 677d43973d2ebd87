// Random work in two checkouts of one repository, held against Git: what is refused, and where branches and files are.
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'
import { seedOf } from '../support/seed.ts'
import { Dice } from '../property/random-merges.ts'

const work = [
  'commit -q -a --allow-empty -m NEW',
  'commit -q -a --allow-empty -m NEW',
  'switch -q BRANCH',
  'switch -q -c BRANCH',
  'switch -q --detach BRANCH',
  'branch -D BRANCH',
  'branch BRANCH',
  'merge -q --ff-only BRANCH',
  'reset -q --hard HEAD~1',
  'stash push -q',
]
const branches = ['main', 'side', 'topic']
type Run = (checkout: number, ...args: string[]) => Promise<string>

test('two checkouts come to what they come to in Git', async () => {
  const seed = seedOf(process.env['VARVE_GIT_SEED'])
  const dice = new Dice(seed)
  const { begin, at, both, put } = besideGit()
  await begin()
  put('f', 'first\n')
  await both('add', 'f')
  await both('commit', '-q', '-m', 'first')
  gitIn(at('theirs'))('worktree', 'add', '-q', at('their-side'), '-b', 'side')
  expect((await runHere(['worktree', 'add', at('our-side'), '-b', 'side'], at('ours'))).code).toBe(0)
  const pairs = [
    [at('ours'), at('theirs')],
    [at('our-side'), at('their-side')],
  ] as const
  // One after the other: what is run here shares its output.
  const stateOf = async (run: Run, side: 0 | 1): Promise<string[]> => {
    const state: string[] = []
    for (const [i, pair] of pairs.entries()) {
      state.push(await run(i, 'branch', '--show-current'), await run(i, 'log', '--format=%s', '-1'))
      state.push(fs.readFileSync(`${pair[side]}/f`, 'utf8'))
    }
    const names = (await run(0, 'branch', '--list', '--format=%(refname:short)')).split('\n')
    for (const name of names.filter((one) => branches.includes(one)))
      state.push(`${name} ${await run(0, 'log', '--format=%s', '-1', name)}`)
    return state
  }
  const ours = async (i: number, ...args: string[]): Promise<string> =>
    (await runHere(args, pairs[i]![0])).stdout.trim()
  const theirs = async (i: number, ...args: string[]): Promise<string> => gitIn(pairs[i]![1])(...args).trim()
  let refused = 0
  for (let step = 0; step < 40; step++) {
    const i = dice.roll(2)
    const text = `${step}\n`
    const words = work[dice.roll(work.length)]!.split(' ').map((word) =>
      word === 'BRANCH' ? branches[dice.roll(3)]! : word === 'NEW' ? `c${step}` : word,
    )
    if (words[0] === 'commit' || words[0] === 'stash')
      for (const dir of pairs[i]!) fs.writeFileSync(`${dir}/f`, text)
    const code = (await runHere(words, pairs[i]![0])).code
    const isDone = await theirs(i, ...words).then(
      () => true,
      () => false,
    )
    if (!isDone) refused++
    expect([seed, step, i, words, code === 0]).toEqual([seed, step, i, words, isDone])
    expect([seed, step, words, await stateOf(ours, 0)]).toEqual([seed, step, words, await stateOf(theirs, 1)])
  }
  expect(refused).toBeGreaterThan(0)
}, 120_000)
