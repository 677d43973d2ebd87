// Git's verbs do what Git's do: random work side by side. VARVE_GIT_SEED tries one seed, VARVE_GIT_SEEDS so many.
import { expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { seedOf } from '../support/seed.ts'
import { pairOf } from './git-state.ts'
import { GitWalk } from './git-walk.ts'
import { Dice } from './random-merges.ts'

const first = seedOf(process.env['VARVE_GIT_SEED'])
const count = Number(process.env['VARVE_GIT_SEEDS'] ?? 3)
const steps = 60

test(
  'random work comes to the same in both',
  async () => {
    const faults: string[] = []
    for (let seed = first; seed < first + count; seed++) {
      const beside = besideGit()
      await beside.begin()
      const walk = new GitWalk(pairOf(beside), new Dice(seed))
      try {
        await walk.begin()
        for (let step = 0; step < steps && (await walk.step()); step++);
        await walk.end()
      } catch (error) {
        faults.push(`seed ${seed}: ${(error as Error).message}`)
      }
    }
    expect(faults.join('\n\n')).toBe('')
  },
  count * 200_000,
)
