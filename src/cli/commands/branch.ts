import type { BranchInfo } from '../../api/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import {
  narrowsRefs,
  refFilter,
  refLines,
  refListOptions,
  refOptions,
  refuseInLists,
} from '../ref-options.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'branch [-a | -r] [--list] [--merged [REV]] [--contains [REV]] [--sort KEY] [-v | --format FORMAT] [PATTERN...]',
    'branch --show-current',
    'branch [-f] NAME [START]',
    'branch -u BRANCH [NAME]',
    'branch --unset-upstream [NAME]',
    'branch -m [OLD] NEW',
    'branch -d NAME...',
  ],
  description:
    "Lists branches, or makes the branch NAME at START (default: HEAD) without switching to it. With\n--list or a condition, only branches whose names match PATTERN ('fix/*') are listed. With -v the\nlist shows how far each branch is ahead of and behind its upstream. A branch that is merged neither\ninto HEAD nor into its upstream is deleted only by -D; `varve undo` brings it back. A branch that\nanother worktree has checked out is marked with '+', and stays as it is.",
  options: {
    list: { type: 'flag', short: 'l', about: 'list branches (the default without NAME)' },
    ...refOptions,
    ...refListOptions,
    all: { type: 'flag', short: 'a', about: 'also list remote branches' },
    remotes: { type: 'flag', short: 'r', about: 'list remote branches' },
    'show-current': {
      type: 'flag',
      about: 'print the name of the current branch, or nothing if HEAD is detached',
    },
    force: { type: 'flag', short: 'f', about: 'move NAME to START if it exists' },
    'set-upstream-to': {
      type: 'text',
      short: 'u',
      value: 'BRANCH',
      about: 'make BRANCH, a remote branch, the upstream of NAME (default: the current branch)',
    },
    'unset-upstream': { type: 'flag', about: 'remove the upstream of NAME' },
    move: { type: 'flag', short: 'm', about: 'rename a branch (default: the current one)' },
    delete: { type: 'flag', short: 'd', about: 'delete merged branches' },
    'force-delete': { type: 'flag', short: 'D', about: 'delete branches, merged or not' },
  },
  examples: [
    ['varve branch -a', 'all branches, also remote ones'],
    ['varve branch --merged', 'branches that can be deleted'],
    ["varve branch -r --list 'origin/fix/*' --contains v1", 'remote branches of that name that contain v1'],
    ['varve branch --sort=-committerdate', 'branches with the newest commits first'],
    ['varve branch -u origin/main', 'set the upstream, which pull, push and status use'],
    ['varve branch cleanup v1', 'a branch that starts at v1'],
    ['varve branch -d cleanup', 'delete it once it is merged'],
  ],
  json: '{ items: { name: string; current: boolean; elsewhere?: true; commit: string | null; upstream: string | null; subject: string; divergence?: { ahead: number; behind: number } | null (with -v) }[] }; made: one of these; deleted: { deleted: string[] }; --show-current: { branch: string | null }; renamed: { from: string; to: string }; -u, --unset-upstream: { branch: string; upstream: string | null }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const others = [
    'delete',
    'force-delete',
    'move',
    'force',
    'show-current',
    'set-upstream-to',
    'unset-upstream',
  ]
  given.exclusive(...others, 'list')
  refuseInLists(given, others)
  const { words } = given
  if (given.flag('delete') || given.flag('force-delete')) return remove(context)
  if (given.flag('move')) return rename(context)
  if (given.has('set-upstream-to') || given.flag('unset-upstream')) return follow(context)
  const print = refLines<BranchInfo>(context, (branches) => printBranches(out, branches))
  const repo = await repository()
  if (given.flag('show-current')) {
    given.expectWords(0, 0, '')
    const branch = await repo.currentBranch()
    out.result({ branch }, () => {
      if (branch !== null) out.line(visible(branch))
    })
    return 0
  }
  if (words.length === 0 || given.flag('list') || narrowsRefs(given)) {
    const branches = await repo.branches({
      ...refFilter(given, operation.signal),
      all: given.flag('all'),
      remotes: given.flag('remotes'),
      divergence: out.verbose || given.text('format')?.includes('upstream:track') === true,
      details: given.has('format'),
    })
    if (out.json) await out.items(branches, () => {})
    else print(branches)
    return 0
  }
  for (const name of ['all', 'remotes', 'sort', 'format', 'ignore-case'])
    if (given.has(name))
      throw usage(`'--${name}' is for lists`, `for names like '${words[0]!}' write '--list' before them`)
  given.expectWords(1, 2, 'NAME')
  const start = words[1] === undefined ? {} : { startPoint: words[1] }
  const branch = await repo.createBranch(words[0]!, { ...start, force: given.flag('force') })
  out.result(branch, () => out.say(`branch ${visible(branch.name)} at ${shortId(branch.commit ?? '')}`))
  return 0
}

async function remove({ arguments: given, out, repository }: Context): Promise<number> {
  if (given.words.length === 0) throw usage('missing argument: NAME')
  const repo = await repository()
  const names: string[] = []
  for (const word of given.words) names.push(await branchNamed(repo, word))
  for (const name of names) await repo.deleteBranch(name, { force: given.flag('force-delete') })
  out.result({ deleted: names }, () => {
    for (const name of names) out.say(`deleted branch ${visible(name)}`)
  })
  return 0
}

/** '@{-1}' is a name as well. */
async function branchNamed(repo: Repository, word: string): Promise<string> {
  if (!/^@\{-\d+\}$/.test(word)) return word
  const { ref } = await repo.revisionInfo(word)
  return ref === null ? word : shortRefName(ref)
}

async function rename({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(1, 2, 'NEW')
  const repo = await repository()
  const to = given.words.at(-1)!
  const from =
    given.words.length === 2 ? await branchNamed(repo, given.words[0]!) : (await repo.status()).branch
  if (from === null) throw usage('HEAD is detached: name the branch to rename')
  await repo.renameBranch(from, to)
  out.result({ from, to }, () => out.say(`branch ${visible(from)} is ${visible(to)} now`))
  return 0
}

async function follow({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(0, 1, 'NAME')
  const repo = await repository()
  const upstream = given.text('set-upstream-to') ?? null
  const branch = given.words[0] ?? (await repo.currentBranch())
  if (branch === null) throw usage('HEAD is detached: name the branch')
  await repo.setUpstream(branch, upstream)
  out.result({ branch, upstream }, () =>
    out.say(`branch ${visible(branch)} follows ${upstream === null ? 'none' : visible(upstream)}`),
  )
  return 0
}

function printBranches(out: Output, branches: readonly BranchInfo[]): void {
  const rows = branches.map((branch) => {
    const { name, current, elsewhere, commit, subject } = branch
    const title = out.paint(current ? 'green' : 'bold', visible(name))
    return [
      `${current ? '*' : elsewhere ? '+' : ' '} ${current ? title : visible(name)}`,
      commit === null ? '' : shortId(commit),
      followed(branch) + subjectOf(subject),
    ]
  })
  for (const line of alignedRows(rows)) out.line(line)
}

/** What a branch follows, for its line in a list: '[origin/main] ', with -v '[origin/main: ahead 1, behind 2] '. */
function followed({ upstream, divergence }: BranchInfo): string {
  if (upstream === null) return ''
  if (divergence === null) return `[${visible(upstream)}: gone] `
  const { ahead = 0, behind = 0 } = divergence ?? {}
  const apart = [ahead > 0 ? `ahead ${ahead}` : '', behind > 0 ? `behind ${behind}` : ''].filter(
    (part) => part !== '',
  )
  return `[${visible(upstream)}${apart.length === 0 ? '' : `: ${apart.join(', ')}`}] `
}
