// The commands of everyday work, each with the state that it starts from and a way to see all that it leaves: for tests that
// make something go wrong in the middle of them.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Repository } from '../../src/index.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

export interface LocalCommand {
  readonly name: string
  /** Run in the folder `repo`, besides which are `other`, a clone, and `remote`, a bare repository. */
  readonly args: readonly string[]
  /** Commands, or files with their text, that come before it. */
  readonly prepare?: readonly (readonly string[] | { readonly file: string; readonly text: string })[]
  /** What the same command says when it was done already. */
  readonly already?: RegExp
  /** It tells faults as its answer. */
  readonly reports?: true
}

const people = (name: string): string =>
  `id,name\n${Array.from({ length: 200 }, (_, i) => `${i},${name} ${i}\n`).join('')}`

const edited = { file: 'repo/notes.txt', text: 'edited\n' }
const clash = ['merge', 'clash']
/** Stops at the first of two. */
const stopped = ['cherry-pick', 'clash', 'side']
const diverged = ['-C', '../repo', 'commit', '--allow-empty', '-m', 'Ours']

export const localCommands: readonly LocalCommand[] = [
  { name: 'init', args: ['init', '../new'], already: /there is a repository/ },
  { name: 'add', args: ['add', '.'], prepare: [edited, { file: 'repo/new/file.txt', text: 'new\n' }] },
  { name: 'commit', args: ['commit', '-am', 'Edit'], prepare: [edited], already: /nothing to commit/ },
  { name: 'switch', args: ['switch', 'side'] },
  { name: 'switch -c', args: ['switch', '-c', 'fresh'], prepare: [edited], already: /branch 'fresh' / },
  { name: 'merge', args: ['merge', 'side'] },
  { name: 'merge with conflicts', args: ['merge', 'clash'], already: /under way/ },
  {
    name: 'merge --autostash',
    args: ['merge', '--autostash', 'side'],
    prepare: [{ file: 'repo/notes.txt', text: 'one\ntwo\nthree\nfour\nfive\n' }],
  },
  {
    name: 'rebase --autostash where changes clash',
    args: ['rebase', '--autostash', 'side'],
    prepare: [{ file: 'repo/people.csv', text: people('first').replace('7,first 7', '7,mine') }],
  },
  {
    name: 'merge --autostash with conflicts',
    args: ['merge', '--autostash', 'clash'],
    prepare: [edited],
    already: /under way|in the middle of a merge/,
  },
  {
    name: 'reset --keep',
    args: ['reset', '--keep', 'side~1'],
    prepare: [{ file: 'repo/d/x.txt', text: 'too\n' }, ['add', '.']],
  },
  {
    name: 'reset --merge',
    args: ['reset', '--merge', 'side~1'],
    prepare: [{ file: 'repo/d/x.txt', text: 'too\n' }, ['add', '.']],
  },
  { name: 'merge --squash', args: ['merge', '--squash', 'side'], already: /in the middle of a merge/ },
  { name: 'reset of paths', args: ['reset', '.'], prepare: [edited, ['add', '.']] },
  {
    name: 'clean',
    args: ['clean', '-fd'],
    prepare: [
      { file: 'repo/d/new.txt', text: 'new\n' },
      { file: 'repo/new/deep/a.txt', text: 'a\n' },
      { file: 'repo/new/b.txt', text: 'b\n' },
    ],
  },
  {
    name: 'switch --discard-changes',
    args: ['switch', '--discard-changes', 'side'],
    prepare: [edited, { file: 'repo/d/x.txt', text: 'too\n' }],
  },
  {
    name: 'merge --abort --force',
    args: ['merge', '--abort', '--force'],
    prepare: [clash, { file: 'repo/people.csv', text: 'edited\n' }],
    already: /there is no merge/,
  },
  {
    name: 'resolve',
    args: ['resolve', 'people.csv', '--ours'],
    prepare: [clash],
    already: /no (open )?conflict/,
  },
  {
    name: 'merge --continue',
    args: ['merge', '--continue', '-m', 'Merge'],
    prepare: [clash, ['resolve', 'people.csv', '--theirs']],
    already: /there is no merge/,
  },
  { name: 'commit --amend', args: ['commit', '--amend', '-m', 'Better'] },
  { name: 'branch -D', args: ['branch', '-D', 'clash'], already: /no branch 'clash'/ },
  { name: 'config', args: ['config', 'user.name', 'Grace'] },
  { name: 'revert', args: ['revert', 'HEAD'] },
  { name: 'cherry-pick', args: ['cherry-pick', 'side'], already: /changes nothing here/ },
  {
    name: 'cherry-pick of several',
    args: ['cherry-pick', 'main..side'],
    prepare: [['switch', 'side'], edited, ['commit', '-am', 'More'], ['switch', 'main']],
    already: /changes nothing here/,
  },
  {
    name: 'cherry-pick of several, one with conflicts',
    args: ['cherry-pick', 'side', 'clash'],
    already: /in the middle of a cherry-pick/,
  },
  {
    name: 'cherry-pick --continue',
    args: ['cherry-pick', '--continue'],
    prepare: [stopped, ['resolve', 'people.csv', '--theirs']],
    already: /there is no (merge|cherry-pick)/,
  },
  {
    name: 'cherry-pick --skip',
    args: ['cherry-pick', '--skip', '--force'],
    prepare: [stopped, { file: 'repo/people.csv', text: 'edited\n' }],
    already: /there is no (merge|cherry-pick)/,
  },
  {
    name: 'commit of a path',
    args: ['commit', 'notes.txt', '-m', 'Part'],
    prepare: [edited, { file: 'repo/d/x.txt', text: 'too\n' }, ['add', 'd/x.txt']],
    already: /nothing to commit/,
  },
  { name: 'rebase', args: ['rebase', 'side'] },
  { name: 'reset', args: ['reset', '--hard', 'side~1'] },
  { name: 'undo', args: ['undo'] },
  { name: 'restore', args: ['restore', '.'], prepare: [edited, { file: 'repo/d/x.txt', text: 'too\n' }] },
  { name: 'stash', args: ['stash', 'push'], prepare: [edited], already: /no(thing| local changes)/ },
  {
    name: 'stash pop',
    args: ['stash', 'pop'],
    prepare: [edited, ['stash', 'push']],
    already: /no stash/,
  },
  { name: 'rm', args: ['rm', 'people.csv', 'd/x.txt'], already: /'people.csv'/ },
  {
    name: 'rm --force',
    args: ['rm', '--force', 'notes.txt', 'd/x.txt', 'people.csv'],
    prepare: [edited, { file: 'repo/d/x.txt', text: 'too\n' }],
    already: /'notes.txt'/,
  },
  { name: 'mv', args: ['mv', 'people.csv', 'staff.csv'], already: /not a tracked file/ },
  {
    name: 'track',
    args: ['track', 'more.csv', '--key', 'id'],
    prepare: [{ file: 'repo/more.csv', text: 'id,n\n1,a\n' }],
  },
  {
    name: 'import',
    args: ['import', '../rows.csv', '--as', 'people.csv'],
    prepare: [{ file: 'rows.csv', text: 'id,name\n5,new\n900,new\n' }],
  },
  {
    name: 'import into a branch',
    args: ['import', '../rows.csv', '--as', 'people.csv', '--branch', 'fresh', '-m', 'Import'],
    prepare: [{ file: 'rows.csv', text: 'id,name\n5,new\n900,new\n' }],
  },
  { name: 'untrack', args: ['untrack', 'people.csv'], already: /not a table|not tracked/ },
  { name: 'rm --cached', args: ['rm', '--cached', 'notes.txt', 'people.csv'], already: /'notes.txt'/ },
  { name: 'restore --staged', args: ['restore', '--staged', '.'], prepare: [edited, ['add', '.']] },
  { name: 'remote add', args: ['remote', 'add', 'hub', '../remote'], already: /remote 'hub'/ },
  { name: 'export', args: ['export', 'people.csv', '-o', '../out.jsonl'] },
  { name: 'gc', args: ['gc'] },
  { name: 'status', args: ['status'], prepare: [edited] },
  { name: 'diff', args: ['diff', '--stat', 'side'], prepare: [edited] },
  { name: 'fsck', args: ['fsck'], reports: true },
  { name: 'tag', args: ['tag', 'v1', '-m', 'First'], already: /tag 'v1'/ },
  { name: 'fetch', args: ['fetch'], prepare: [['-C', '../other', 'push', '-q']] },
  { name: 'pull', args: ['pull'], prepare: [['-C', '../other', 'push', '-q'], diverged] },
  { name: 'push', args: ['push'], prepare: [diverged] },
  {
    name: 'push --force-with-lease',
    args: ['push', '--force-with-lease'],
    prepare: [
      ['push', '-q'],
      ['commit', '--amend', '-m', 'Again'],
    ],
  },
  { name: 'push of a first branch', args: ['push', '../first', 'main'] },
  { name: 'clone', args: ['clone', '../remote', '../copy'], already: /exists already/ },
]

let template: Promise<string> | null = null

/** A folder as the command is to find it. */
export async function foldersFor({ prepare = [] }: LocalCommand): Promise<string> {
  template ??= makeTemplate()
  const dir = temporaryDir()
  fs.cpSync(await template, dir, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  // Where a remote is, is kept as an absolute path.
  for (const name of ['repo', 'other']) {
    await using repo = await Repository.open(path.join(dir, name))
    await repo.setRemoteUrl('origin', path.join(dir, 'remote'))
  }
  for (const step of prepare) await take(dir, step)
  return dir
}

async function take(dir: string, step: NonNullable<LocalCommand['prepare']>[number]): Promise<void> {
  if ('file' in step) {
    fs.mkdirSync(path.dirname(path.join(dir, step.file)), { recursive: true })
    fs.writeFileSync(path.join(dir, step.file), step.text)
    return
  }
  const { code, stderr } = await runHere(step, path.join(dir, 'repo'))
  if (code !== 0 && step !== clash && step !== stopped) throw new Error(`varve ${step.join(' ')}: ${stderr}`)
}

async function makeTemplate(): Promise<string> {
  const dir = temporaryDir()
  fs.mkdirSync(path.join(dir, 'repo'))
  const file = (name: string, text: string) => ({ file: `repo/${name}`, text })
  const steps = [
    ['init', '.'],
    file('people.csv', people('first')),
    file('notes.txt', 'one\ntwo\nthree\n'),
    file('d/x.txt', 'x\n'),
    file('large.bin', 'large '.repeat(40_000)),
    ['track', 'people.csv', '--key', 'id'],
    ['add', '.'],
    ['commit', '-m', 'First'],
    ['remote', 'add', 'origin', '../remote'],
    ['push', '-u', 'origin', 'main'],
    ['clone', '../remote', '../other'],
    ['switch', '-c', 'side'],
    file('people.csv', people('first').replace('7,first 7', '7,side')),
    file('side.txt', 'side\n'),
    ['add', '.'],
    ['commit', '-m', 'Side'],
    ['switch', '-c', 'clash', 'main'],
    file('people.csv', people('first').replace('9,first 9', '9,clash')),
    ['commit', '-am', 'Clash'],
    ['switch', 'main'],
    file('people.csv', people('first').replace('9,first 9', '9,main')),
    file('notes.txt', 'one\ntwo\nthree\nfour\n'),
    ['commit', '-am', 'Main'],
    { file: 'other/notes.txt', text: 'zero\none\ntwo\nthree\n' },
    ['-C', '../other', 'commit', '-am', 'Theirs'],
  ]
  for (const step of steps) await take(dir, step)
  return dir
}

/** All that a command may leave: branches and what is staged of each repository, and every file of the user's. */
export async function stateOf(dir: string): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {}
  for (const name of fs.readdirSync(dir).sort()) {
    const place = path.join(dir, name)
    if (!fs.statSync(place).isDirectory()) {
      state[name] = fs.readFileSync(place, 'utf8')
      continue
    }
    const isBare = fs.existsSync(path.join(place, 'format'))
    if (!isBare && !fs.existsSync(path.join(place, '.varve/format'))) continue
    const repo = await Repository.open(place)
    const { refs, head } = await repo.repo.store.manifest()
    // A merge that waits has a state of its own, and stashes the time of their making.
    state[`${name}: refs`] = [head, ...[...refs].map(([ref, cid]) => `${ref} ${cid}`).sort()]
    await repo.close()
    if (!isBare) state[`${name}: files`] = filesIn(place)
  }
  return state
}

/** Enough to tell two contents apart, and to read small ones. */
function shown(bytes: Buffer): string {
  if (bytes.length < 100) return bytes.toString()
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
}

function filesIn(root: string): string[] {
  const files: string[] = []
  const walk = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name)
      if (name === '.varve') continue
      if (entry.isDirectory()) walk(name)
      else files.push(`${name}: ${shown(fs.readFileSync(path.join(root, name)))}`)
    }
  }
  walk('')
  return files.sort()
}

/** Of each repository there: what fsck finds. */
export async function faultsIn(dir: string): Promise<string[]> {
  const faults: string[] = []
  for (const name of fs.readdirSync(dir)) {
    const place = path.join(dir, name)
    if (!['format', '.varve/format'].some((file) => fs.existsSync(path.join(place, file)))) continue
    const repo = await Repository.open(place)
    faults.push(...(await repo.fsck()).problems.map((problem) => `${name}: ${JSON.stringify(problem)}`))
    await repo.close()
  }
  return faults
}
