// What a merge writes in a partial clone is here alone: the remote that has all else is not asked for it.
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { put, run } from '../format/written-repositories.ts'
import { temporaryDir } from '../support/temporary.ts'

const table = (changed: Readonly<Record<number, string>>): string =>
  `id,name\n${Array.from({ length: 2000 }, (_, i) => `${i},${changed[i] ?? `name ${i}`}\n`).join('')}`

/** A clone of the tables alone, behind by a commit that changed the table. */
async function partialClone(...options: string[]): Promise<string> {
  const dir = temporaryDir()
  const [remote, ann, dan] = ['remote', 'ann', 'dan'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ]
  for (const folder of [remote, ann]) mkdirSync(folder)
  await run(remote, 'init --bare .')
  put(ann, 'people.csv', table({}))
  put(ann, 'notes.txt', 'notes\n')
  await run(ann, 'init', 'track people.csv --key id', 'add .', 'commit -m first')
  await run(ann, 'remote add origin ../remote', 'push -u origin main')
  await run(ann, ['clone', ...options, '../remote', '../dan'].join(' '))
  put(ann, 'people.csv', table({ 5: 'Ann' }))
  await run(ann, 'commit -am Ann', 'push origin main')
  put(dan, 'people.csv', table({ 1900: 'Dan' }))
  return dan
}

test.each([
  ['merge', ['fetch', 'commit -am Dan', 'merge origin/main -m merged']],
  ['pull --rebase', ['commit -am Dan', 'pull --rebase']],
  ['pull --rebase --autostash', ['pull --rebase --autostash']],
  ['cherry-pick', ['fetch', 'commit -am Dan', 'cherry-pick origin/main']],
  ['stash pop', ['stash', 'pull', 'stash pop']],
])('%s of a table that both sides changed', async (_, commands) => {
  for (const options of [['--filter', '*.csv'], ['--lazy']]) {
    const dan = await partialClone(...options)
    await run(dan, ...commands)
    expect(readFileSync(path.join(dan, 'people.csv'), 'utf8') === table({ 5: 'Ann', 1900: 'Dan' })).toBe(true)
    await run(dan, 'fsck')
  }
})
