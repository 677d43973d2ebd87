// .varveignore means what .gitignore means: random rules over random folders, beside Git in the same folder.
// VARVE_IGNORE_SEED tries one seed, VARVE_IGNORE_CASES so many cases.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { gitIn } from '../support/git-in.ts'
import { seedOf } from '../support/seed.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Dice } from './random-merges.ts'

const first = seedOf(process.env['VARVE_IGNORE_SEED'])
const count = Number(process.env['VARVE_IGNORE_CASES'] ?? 40)
const author = { name: 'Ada', email: 'ada@example.org' }
const names = 'a|b|ab|a.txt|b.log|A|foo bar|#x|!y|x[1]| s|c.tar.gz|.hid|t '.split('|')
const parts =
  'a|b|*|?|**|a*|*.txt|*.log|[ab]|[!a]|[^b]|[a-c]*|A|foo\\ bar|foo bar|\\#x|\\!y|x\\[1\\]|.*|ab|*b*|[[:alpha:]]|t\\ |[]a]|[a|?b|*.*'.split(
    '|',
  )

class Case {
  readonly #dice: Dice
  readonly #dir = temporaryDir()
  readonly #folders = ['']
  readonly rules: Record<string, string> = {}

  constructor(seed: number) {
    this.#dice = new Dice(seed)
  }

  /** The files that each of the two would add, without the files of rules. */
  async listed(): Promise<{ git: string[]; varve: string[] }> {
    const git = gitIn(this.#dir)
    git('init', '-q')
    await using repo = await Repository.init(this.#dir, { author })
    this.#makeFiles()
    this.#makeRules()
    const all = git('ls-files', '--others', '-z', '--exclude-standard').split('\0')
    const { untracked } = await repo.status({ untracked: 'all' })
    const isData = (name: string): boolean =>
      name !== '' && !/^\.varve\/|(^|\/)\.(git|varve)ignore$/.test(name)
    return { git: all.filter(isData).sort(), varve: untracked.filter(isData).sort() }
  }

  #makeFiles(): void {
    for (let i = 0; i < 4; i++) {
      const folder = path.posix.join(this.#dice.pick(this.#folders), this.#dice.pick(names))
      if (fs.existsSync(path.join(this.#dir, folder))) continue
      fs.mkdirSync(path.join(this.#dir, folder))
      this.#folders.push(folder)
    }
    for (const folder of this.#folders)
      for (let i = 0; i < 4; i++) {
        const file = path.join(this.#dir, folder, this.#dice.pick(names))
        if (!fs.existsSync(file)) fs.writeFileSync(file, 'x')
      }
  }

  #makeRules(): void {
    const folders = this.#isSo(2) ? [''] : ['', this.#dice.pick(this.#folders)]
    for (const folder of folders) {
      const lines = Array.from({ length: 1 + this.#dice.roll(4) }, () => this.#rule())
      const text = `${this.#isSo(10) ? '\ufeff' : ''}${lines.join('\n')}\n`
      for (const name of ['.gitignore', '.varveignore'])
        fs.writeFileSync(path.join(this.#dir, folder, name), text)
      this.rules[folder] = text
    }
  }

  #rule(): string {
    let rule = Array.from({ length: 1 + this.#dice.roll(3) }, () => this.#dice.pick(parts)).join('/')
    if (this.#isSo(4)) rule = `/${rule}`
    if (this.#isSo(4)) rule = `${rule}/`
    if (this.#isSo(5)) rule = `!${rule}`
    if (this.#isSo(12)) rule = `${rule}  `
    if (this.#isSo(20)) rule = `# ${rule}`
    return this.#isSo(20) ? `${rule}\r` : rule
  }

  /** Once in so many times. */
  #isSo(often: number): boolean {
    return this.#dice.roll(often) === 0
  }
}

test('the same files are left out', async () => {
  const faults: unknown[] = []
  let files = 0
  for (let seed = first; seed < first + count; seed++) {
    const one = new Case(seed)
    const { git, varve } = await one.listed()
    files += git.length
    if (git.join('\0') !== varve.join('\0')) faults.push({ seed, rules: one.rules, git, varve })
  }
  expect(faults).toEqual([])
  expect(files).toBeGreaterThan(0)
}, 120_000)
