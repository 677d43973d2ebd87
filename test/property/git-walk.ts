// Random work in a repository of Git's and one of ours, made from a number: edits of small texts, and Git's verbs over
// them. After each step both must have come to the same.
import fs from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { exitCodes } from '../../src/base/errors.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  type Pair,
  type Ran,
  type State,
  addRemotes,
  ourState,
  theirState,
  treesIn,
  underWay,
  unmergedThere,
} from './git-state.ts'
import type { Dice } from './random-merges.ts'

const names = ['a', 'b', 'dir/c', 'dir/d', 'dir/sub/e', 'f.txt']
const branches = ['main', 'side', 'topic', 'x/y']
const linesInText = 14

/**
 * How often of a hundred, and what: commands with words to put something in the place of. Left out is what is meant to
 * be otherwise (docs/COMING-FROM.md).
 */
const work: readonly (readonly [number, readonly string[]])[] = [
  [24, ['edit']],
  [10, ['add .', 'add -A', 'add -u', 'add FILE']],
  [12, ['commit -q -m NEW', 'commit -q -a -m NEW', 'commit -q -a -m NEW', 'commit -q --allow-empty -m NEW']],
  [
    3,
    [
      'commit -q --amend --allow-empty -m NEW',
      'commit -q -a --amend --allow-empty --no-edit',
      'commit -q -m NEW FILE',
    ],
  ],
  [5, ['switch -q BRANCH', 'switch -q -c BRANCH', 'switch -q -c BRANCH REV']],
  [3, ['switch -q -C BRANCH REV', 'switch -q --detach REV', 'switch -q -f BRANCH']],
  [
    3,
    [
      'branch BRANCH',
      'branch -D BRANCH',
      'branch -d BRANCH',
      'branch -m BRANCH BRANCH',
      'branch -f BRANCH REV',
    ],
  ],
  [3, ['restore FILE', 'restore --staged FILE', 'restore -SW FILE']],
  [2, ['restore --source REV FILE', 'restore --source REV --staged --worktree .']],
  [4, ['reset -q --hard REV', 'reset -q --soft REV', 'reset -q REV', 'reset -q --keep REV', 'reset -q -- .']],
  [3, ['reset -q --merge REV', 'reset -q --merge', 'reset -q --mixed HEAD', 'reset -q REV -- .']],
  [
    9,
    [
      'merge -q -m NEW BRANCH',
      'merge -q --no-ff -m NEW BRANCH',
      'merge -q --ff-only BRANCH',
      'merge -q --squash BRANCH ; commit -q -m NEW',
    ],
  ],
  [4, ['cherry-pick REV', 'cherry-pick -x REV', 'reset -q --hard ; cherry-pick -n REV ; commit -q -m NEW']],
  [4, ['revert --no-edit REV', 'reset -q --hard ; revert -n REV ; commit -q -m NEW']],
  [3, ['commit -q -a -m NEW ; rebase -q BRANCH']],
  [4, ['stash push -q', 'stash push -q -u', 'stash pop -q --index', 'stash pop -q --index', 'stash drop -q']],
  [3, ['mv FILE PLACE']],
  [2, ['rm -q FILE', 'rm -q --cached FILE', 'rm -q -r dir']],
  [1, ['clean -q -f', 'clean -q -fd']],
  [
    2,
    [
      'stash push -q -k',
      'stash apply -q --index',
      'stash branch BRANCH',
      'reset -q ; stash push -q -m NEW -- dir',
    ],
  ],
  [2, ['tag TAG REV', 'tag -f TAG REV', 'tag -d TAG']],
  [
    6,
    [
      'push -q origin BRANCH',
      'push -q origin BRANCH:BRANCH',
      'push -q origin +BRANCH:BRANCH',
      'push -q -f origin HEAD:refs/heads/BRANCH',
      'push -q origin :BRANCH',
      'push -q --delete origin BRANCH',
      'push -q --force-with-lease origin BRANCH',
      'push -q --all origin',
      'push -q --tags origin',
      'push -q origin TAG BRANCH',
    ],
  ],
  [3, ['there branch -D topic', 'there branch -D side', 'there branch -f BRANCH BRANCH', 'there tag -d TAG']],
  [3, ['fetch -q origin', 'fetch -q --prune origin', 'fetch -q origin BRANCH']],
  [2, ['merge -q -m NEW origin/BRANCH', 'branch -f BRANCH origin/BRANCH', 'reset -q --hard origin/BRANCH']],
]

/** What a stash brings back Git does as far as it can, ours all or nothing. */
const leavesPart =
  /already exists, no checkout|Index was not unstashed|would be overwritten|CONFLICT|local changes/
/** Where ours goes on: an untracked file that has what it shall have; no tag to push, to a remote without refs; the remote's current branch goes. */
const refusesMore =
  /already exists in working directory|No refs in common|deletion of the current branch prohibited/

/** What stands before a path that is in conflict. */
const unmerged = /^(?:U.|.U|AA|DD)(?= )/

/** The two have come to what is meant to be otherwise, and go their own ways from here. */
class MeantApart extends Error {}

export class GitWalk {
  readonly #pair: Pair
  readonly #dice: Dice
  readonly #done: string[] = []
  #number = 0
  #isApart = false

  constructor(pair: Pair, dice: Dice) {
    this.#pair = pair
    this.#dice = dice
  }

  async begin(): Promise<void> {
    await addRemotes(this.#pair)
    for (const name of names.slice(0, 4)) this.#write(name, this.#text(name))
    await this.#run('add', '.')
    await this.#run('commit', '-q', '-m', 'First')
    await this.#compare()
  }

  /** false: it came to something that Git and ours do differently, and that is meant. */
  async step(): Promise<boolean> {
    const verb = underWay(this.#pair)
    try {
      if (verb !== null) await this.#goOn(verb)
      else if (!(await this.#work(this.#chosen()))) return false
    } catch (error) {
      if (!(error instanceof MeantApart)) throw error
      this.#isApart = true
      return false
    }
    await this.#compare()
    return true
  }

  /** What is committed is the same, byte for byte: the trees of an export have the names that they have in Git. */
  async end(): Promise<void> {
    if (this.#isApart) return
    const refs = Object.keys(theirState(this.#pair).refs).filter((ref) => /^refs\/(heads|tags)\//.test(ref))
    if (refs.length === 0) return
    const dir = path.join(temporaryDir(), 'exported')
    const exported = await this.#pair.varve('export', 'git', '--bare', '--all', dir)
    this.#same('the export', exported.code, 0, exported.stderr)
    this.#same('what is committed', treesIn(dir, refs), treesIn(this.#pair.at('theirs'), refs))
  }

  #chosen(): string {
    let roll = this.#dice.roll(work.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, commands] of work) {
      if (roll < weight) return this.#dice.pick(commands)
      roll -= weight
    }
    throw new Error('the dice rolled too high')
  }

  async #work(line: string): Promise<boolean> {
    if (line === 'edit') {
      this.#edit(this.#dice.pick(names))
      return true
    }
    for (const command of line.split(' ; ')) {
      const { ours, theirs } = await this.#run(...command.split(' ').map((word) => this.#put(word)))
      // Ours stops before it, where files that are in conflict have edits.
      if (ours.code === exitCodes.VARVE_UNCOMMITTED && unmergedThere(this.#pair).length > 0) return false
      if (theirs.code === 0) continue
      if (line.includes(' ; ') && unmergedThere(this.#pair).length > 0)
        await this.#run('reset', '-q', '--hard')
      break
    }
    return true
  }

  async #run(...args: string[]): Promise<{ ours: Ran; theirs: Ran }> {
    this.#done.push(args.join(' '))
    const place = args[0] === 'there' ? this.#pair.there : this.#pair
    const words = args[0] === 'there' ? args.slice(1) : args
    const before = this.#ourFiles()
    const theirs = place.git(...words)
    const ours = await place.varve(...words)
    const said = `theirs: ${theirs.stdout}${theirs.stderr}\nours: ${ours.code}\n${ours.stdout}${ours.stderr}`
    if (theirs.code !== 0 && ours.code !== 0) this.#leaveEmptyPick()
    if (words.some((word) => word === 'stash') && leavesPart.test(theirs.stderr)) throw new MeantApart()
    if (theirs.code !== 0 && refusesMore.test(theirs.stderr)) throw new MeantApart()
    if (ours.code === 0 && theirs.code !== 0 && /would be overwritten|not uptodate/.test(theirs.stderr)) {
      // Ours goes ahead where the file holds already what it shall: then it is as it was.
      const named = [...theirs.stderr.matchAll(/^\t(.+)$|Entry '(.+?)' not/gm)].map(
        ([, one, two]) => one ?? two!,
      )
      const of = (files: ReadonlyMap<string, string>): unknown => named.map((name) => files.get(name))
      this.#same('a file that Git keeps', of(this.#ourFiles()), of(before), said)
      throw new MeantApart()
    }
    // Of a remote without commits ours makes the first branch that comes the current one.
    if (words !== args && ours.stderr.includes('it is the current branch')) throw new MeantApart()
    // A file that moved and came anew: Git may leave out what is new, ours asks.
    if (ours.code === exitCodes.VARVE_MERGE_CONFLICT && theirs.code === 0 && this.#hasMoved)
      throw new MeantApart()
    // Of several refs Git pushes those that it can, ours all or none.
    if (theirs.code !== 0 && words[0] === 'push' && theirs.stderr.includes('[rejected]'))
      throw new MeantApart()
    this.#same('whether it worked', ours.code === 0, theirs.code === 0, said)
    return { ours, theirs }
  }

  get #hasMoved(): boolean {
    return this.#done.some((step) => step.startsWith('mv '))
  }

  #ourFiles(): ReadonlyMap<string, string> {
    const root = this.#pair.at('ours')
    const files = [...names, 'new'].filter((name) =>
      fs.statSync(path.join(root, name), { throwIfNoEntry: false })?.isFile(),
    )
    return new Map(files.map((name) => [name, fs.readFileSync(path.join(root, name), 'utf8')]))
  }

  /** Of a commit that changes nothing here Git asks what to do; ours says so, and that is all. */
  #leaveEmptyPick(): void {
    const verb = underWay(this.#pair)
    if (verb !== 'cherry-pick' && verb !== 'revert') return
    if (unmergedThere(this.#pair).length === 0) this.#pair.git(verb, '--skip')
  }

  async #compare(): Promise<void> {
    const theirs = theirState(this.#pair)
    const ours = await ourState(this.#pair)
    // Which side a conflict is of depends on which files were taken for one that moved.
    const told = (state: State): State =>
      this.#hasMoved ? { ...state, status: state.status.map((line) => line.replace(unmerged, 'UU')) } : state
    for (const part of Object.keys(theirs) as (keyof State)[])
      this.#same(part, told(ours)[part], told(theirs)[part])
  }

  #same(what: string, ours: unknown, theirs: unknown, said = ''): void {
    if (isDeepStrictEqual(ours, theirs)) return
    const [a, b] = [JSON.stringify(ours, null, 1), JSON.stringify(theirs, null, 1)]
    const steps = this.#done.map((step) => `  ${step}`).join('\n')
    throw new Error(`${what} differs after\n${steps}\nours: ${a}\ntheirs: ${b}\n${said}`)
  }

  /** In the middle of something that stopped. */
  async #goOn(verb: NonNullable<ReturnType<typeof underWay>>): Promise<void> {
    const roll = this.#dice.roll(4)
    const [unmerged] = unmergedThere(this.#pair)
    if (roll === 0) await this.#run(verb, '--abort')
    else if (unmerged === undefined && verb === 'merge') await this.#run('commit', '-q', '--no-edit')
    else if (unmerged === undefined) await this.#run(verb, '--continue')
    else if (roll === 1 && verb !== 'merge') await this.#run(verb, '--skip')
    else {
      this.#write(unmerged, this.#text(unmerged))
      await this.#run('add', unmerged)
    }
  }

  #put(word: string): string {
    const dice = this.#dice
    const several = /^(\+?)(BRANCH|HEAD|)(:)(refs\/heads\/|)(BRANCH)$/.exec(word)
    if (several !== null)
      return several
        .slice(1)
        .map((part) => this.#put(part))
        .join('')
    if (word === 'origin/BRANCH') return `origin/${this.#put('BRANCH')}`
    if (word === 'FILE') return dice.pick(names)
    if (word === 'PLACE') return dice.pick([...names, 'new', 'dir'].filter((name) => this.#hasFolder(name)))
    if (word === 'BRANCH') return dice.pick(branches)
    if (word === 'TAG') return `t${dice.roll(4)}`
    if (word === 'NEW') return `c${++this.#number}`
    if (word !== 'REV') return word
    return dice.pick([
      `HEAD~${dice.roll(4)}`,
      dice.pick(branches),
      `${dice.pick(branches)}~1`,
      `t${dice.roll(4)}`,
    ])
  }

  /** Ours makes the folders that a file is moved to; Git does not. */
  #hasFolder(name: string): boolean {
    const file = this.#pair.at('theirs', name)
    return fs.existsSync(name.includes('.') || name !== 'dir' ? path.dirname(file) : file)
  }

  #edit(name: string): void {
    const file = this.#pair.at('theirs', name)
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    if (stat?.isDirectory() === true || this.#isBelowFile(name)) return
    if (stat === undefined) return this.#write(name, this.#text(name))
    if (this.#dice.roll(6) > 0) return this.#write(name, this.#changed(fs.readFileSync(file, 'utf8')))
    this.#done.push(`delete ${name}`)
    this.#pair.put(name, null)
  }

  #isBelowFile(name: string): boolean {
    const folders = name.split('/').map((_, i, parts) => parts.slice(0, i).join('/'))
    return folders.some((folder) => {
      const stat = fs.statSync(this.#pair.at('theirs', folder), { throwIfNoEntry: false })
      return stat !== undefined && !stat.isDirectory()
    })
  }

  #write(name: string, text: string): void {
    this.#done.push(`write ${name}`)
    this.#pair.put(name, text)
  }

  /** Unlike those of all other files, so that nobody has to guess which one was renamed. */
  #text(name: string): string {
    const made = ++this.#number
    return Array.from({ length: linesInText }, (_, i) => `${name} ${made} line ${i}\n`).join('')
  }

  #changed(text: string): string {
    const lines = text.split('\n')
    const at = this.#dice.roll(lines.length)
    const line = `edit ${this.#dice.roll(20)}`
    const how = this.#dice.roll(4)
    if (how === 0) lines.splice(at, 0, line)
    else if (how === 1) lines.splice(at, 1)
    else lines[at] = line
    return lines.join('\n')
  }
}
