// What diff prints of texts is a patch that Git applies: the files that come out are the ones here.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { gitEnvironment } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'
import { seedOf } from '../support/seed.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Dice } from '../property/random-merges.ts'

const names = [
  'n.txt',
  'two words.txt',
  'é.txt',
  'q"uote.txt',
  'sub/d.txt',
  "'s.txt",
  '-dash.txt',
  'a => b.txt',
  'link',
  'other link',
]
const lines = ['a', 'b', 'c', '', ' x', '-y', '+z', '\\ No newline', 'r\r', '--- a/x', '@@ -1 +1 @@']
const cases = 12

/** Name, mode and bytes of each file; of a symlink its target. */
function filesOf(root: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    const place = path.join(entry.parentPath, entry.name)
    const name = path.relative(root, place)
    if (entry.isDirectory() || /^\.varve(\/|ignore$)/.test(name)) continue
    const content = entry.isSymbolicLink() ? `-> ${fs.readlinkSync(place)}` : fs.readFileSync(place, 'utf8')
    found[name] = `${fs.lstatSync(place).mode & 0o111 ? 'x' : '-'} ${content}`
  }
  return found
}

class Folder {
  readonly #dice: Dice
  readonly root: string

  constructor(root: string, dice: Dice) {
    this.root = root
    this.#dice = dice
    fs.mkdirSync(path.join(root, 'sub'), { recursive: true })
  }

  write(name: string): void {
    const place = path.join(this.root, name)
    fs.rmSync(place, { force: true })
    if (name.endsWith('link') !== (this.#dice.roll(6) === 0))
      return fs.symlinkSync(this.#dice.pick(lines.slice(0, 3)), place)
    const some = Array.from({ length: this.#dice.roll(12) }, () => this.#dice.pick(lines))
    fs.writeFileSync(place, some.join('\n') + (this.#dice.roll(3) === 0 ? '' : '\n'))
    if (this.#dice.roll(5) === 0) fs.chmodSync(place, 0o755)
  }

  change(name: string): void {
    const place = path.join(this.root, name)
    const what = this.#dice.roll(6)
    if (what < 3) return this.write(name)
    if (what === 3) fs.rmSync(place, { force: true })
    const isFile = fs.lstatSync(place, { throwIfNoEntry: false })?.isFile() === true
    if (what === 4 && isFile) fs.renameSync(place, path.join(this.root, `new ${path.basename(name)}`))
  }
}

async function ok(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runHere(args, cwd)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

test('Git makes of the old files the new ones: changed, made, removed, renamed, empty, executable, links', async () => {
  const first = seedOf(process.env['VARVE_PATCH_SEED'])
  const faults: unknown[] = []
  for (let seed = first; seed < first + cases; seed++) {
    const dice = new Dice(seed)
    const dir = temporaryDir()
    const [here, there] = [new Folder(path.join(dir, 'here'), dice), path.join(dir, 'there')]
    await ok(['init', '-q'], here.root)
    for (const name of names) if (dice.roll(3) > 0) here.write(name)
    fs.writeFileSync(path.join(here.root, 'kept.txt'), 'kept\n')
    await ok(['add', '-A', '-q'], here.root)
    await ok(['commit', '-q', '-m', 'First'], here.root)
    fs.cpSync(here.root, there, { recursive: true, verbatimSymlinks: true })
    for (const name of names) here.change(name)
    await ok(['add', '-A', '-q'], here.root)
    const patch = await ok(['diff', '--staged', `-U${dice.pick(['0', '1', '3'])}`], here.root)
    if (patch === '') continue
    try {
      const env = { ...gitEnvironment, GIT_CEILING_DIRECTORIES: dir }
      const options = { cwd: there, input: patch, env, stdio: ['pipe', 'ignore', 'pipe'] as const }
      execFileSync('git', ['apply', '--unidiff-zero', '--whitespace=nowarn', '-'], {
        ...options,
        stdio: [...options.stdio],
      })
      expect(filesOf(there)).toEqual(filesOf(here.root))
    } catch (error) {
      faults.push({ seed, fault: (error as Error).message, patch })
    }
  }
  expect(faults).toEqual([])
})
