import { actionOf } from '../action-of.ts'
import type { Repository, WorktreeInfo } from '../../index.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'worktree [list]',
    'worktree add [-b BRANCH | -B BRANCH | --detach] FOLDER [REV]',
    'worktree remove [-f] WORKTREE',
    'worktree move WORKTREE FOLDER',
    'worktree lock [--reason TEXT] WORKTREE',
    'worktree unlock WORKTREE',
    'worktree prune [-n]',
    'worktree repair FOLDER...',
  ],
  description:
    'A worktree is one more folder with files of this repository: it has a branch, staged changes and a\nmerge of its own, and shares history, branches, tags, stashes, settings and remotes. WORKTREE is its\nfolder, or the name that list --json tells.\n\nadd checks REV out if it is a branch, and detached if it is another revision. Without REV, it is a\nbranch called as the folder, which is made at HEAD if there is none. -b makes a new branch at REV\n(default: HEAD). A branch is checked out in one place at a time, and nothing moves, renames or deletes\nit from elsewhere. `varve undo` passes over what other worktrees did.\n\nremove deletes the folder and keeps the branch. prune forgets worktrees whose folders are gone, unless\nthey are locked. After a folder, or the repository, was moved by other means, repair in the repository\nlets them find each other again.',
  options: {
    branch: { type: 'text', short: 'b', value: 'BRANCH', about: 'add: make the new branch BRANCH' },
    'force-branch': {
      type: 'text',
      short: 'B',
      value: 'BRANCH',
      about: 'as -b, also where BRANCH exists: it moves',
    },
    detach: { type: 'flag', about: 'add: on no branch' },
    force: { type: 'flag', short: 'f', about: 'remove: also with changes, or locked' },
    reason: { type: 'text', value: 'TEXT', about: 'lock: why' },
    'dry-run': { type: 'flag', short: 'n', about: 'prune: only show which would go' },
  },
  examples: [
    ['varve worktree add ../fix', 'a folder beside this one, with a new branch called fix'],
    ['varve worktree add -b march ../march v1', 'with the new branch march, which begins at v1'],
    ['varve worktree add --detach ../look HEAD~3', 'to look at an older state'],
    ['varve worktree list', 'all worktrees and their branches'],
    ['varve worktree remove ../fix', 'delete the folder; the branch stays'],
  ],
  json: 'list and prune: { items: WorktreeInfo[] }; others: WorktreeInfo (repair: { items: WorktreeInfo[] }); WorktreeInfo = { name: string | null; path: string; branch: string | null; head: string | null; current: boolean; bare: boolean; locked: string | null; prunable: string | null }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository } = context
  const [verb = 'list', ...words] = given.words
  const action = actionOf('worktree', actions, verb)
  given.only(`worktree ${verb}`, action.options)
  const [min, max] = action.words
  if (words.length < min) throw usage(`missing argument: ${action.names}`)
  if (words.length > max) throw usage(`unexpected argument '${words[max]!}'`)
  await action.run(context, await repository(), words)
  return 0
}

interface Action {
  readonly options: readonly string[]
  readonly words: readonly [min: number, max: number]
  readonly names: string
  readonly run: (context: Context, repo: Repository, words: readonly string[]) => Promise<void>
}

const actions: Readonly<Record<string, Action>> = {
  list: {
    options: [],
    words: [0, 0],
    names: '',
    run: async ({ out }, repo) => {
      const items = await repo.worktrees.list()
      out.result({ items }, () => {
        for (const line of alignedRows(items.map(rowOf))) out.line(line)
      })
    },
  },
  add: {
    options: ['branch', 'force-branch', 'detach'],
    words: [1, 2],
    names: 'FOLDER',
    run: async ({ arguments: given, out, operation }, repo, [folder, revision]) => {
      given.exclusive('branch', 'force-branch', 'detach')
      const create = given.text('branch') ?? given.text('force-branch')
      const made = await repo.worktrees.add(folder!, {
        ...operation,
        revision,
        create,
        force: given.has('force-branch'),
        detach: given.flag('detach'),
      })
      out.result(made, () => out.say(`'${visible(made.path)}' is ${stateOf(made)}`))
    },
  },
  remove: {
    options: ['force'],
    words: [1, 1],
    names: 'WORKTREE',
    run: async ({ arguments: given, out }, repo, [worktree]) => {
      const gone = await repo.worktrees.remove(worktree!, { force: given.flag('force') })
      out.result(gone, () => out.say(`removed '${visible(gone.path)}'`))
    },
  },
  move: {
    options: [],
    words: [2, 2],
    names: 'WORKTREE and FOLDER',
    run: async ({ out }, repo, [worktree, folder]) => {
      const moved = await repo.worktrees.move(worktree!, folder!)
      out.result(moved, () => out.say(`it is at '${visible(moved.path)}' now`))
    },
  },
  lock: {
    options: ['reason'],
    words: [1, 1],
    names: 'WORKTREE',
    run: async ({ arguments: given, out }, repo, [worktree]) => {
      const locked = await repo.worktrees.lock(worktree!, given.text('reason'))
      out.result(locked, () => out.say(`locked '${visible(locked.path)}'`))
    },
  },
  unlock: {
    options: [],
    words: [1, 1],
    names: 'WORKTREE',
    run: async ({ out }, repo, [worktree]) => {
      const unlocked = await repo.worktrees.unlock(worktree!)
      out.result(unlocked, () => out.say(`unlocked '${visible(unlocked.path)}'`))
    },
  },
  prune: {
    options: ['dry-run'],
    words: [0, 0],
    names: '',
    run: async ({ arguments: given, out }, repo) => {
      const dryRun = given.flag('dry-run')
      const items = await repo.worktrees.prune({ dryRun })
      out.result({ items }, () => {
        for (const { path, prunable } of items)
          out.say(`${dryRun ? 'would forget' : 'forgot'} '${visible(path)}': ${prunable!}`)
      })
    },
  },
  repair: {
    options: [],
    words: [1, Number.POSITIVE_INFINITY],
    names: 'FOLDER',
    run: async ({ out }, repo, folders) => {
      const items: WorktreeInfo[] = []
      for (const folder of folders) items.push(await repo.worktrees.repair(folder))
      out.result({ items }, () => {
        for (const { path } of items) out.say(`'${visible(path)}' and the repository know each other`)
      })
    },
  },
}

function rowOf(one: WorktreeInfo): string[] {
  const { locked, prunable } = one
  const marks = [
    ...(locked === null ? [] : [locked === 'locked' ? 'locked' : `locked: ${visible(locked)}`]),
    ...(prunable === null ? [] : [`prunable: ${prunable}`]),
  ]
  const head = one.head === null || one.bare ? '' : shortId(one.head)
  return [visible(one.path), head, one.bare ? '(bare)' : branchOf(one), marks.join(', ')]
}

function branchOf({ branch }: WorktreeInfo): string {
  return branch === null ? '(detached HEAD)' : `[${visible(branch)}]`
}

function stateOf({ branch, head }: WorktreeInfo): string {
  if (branch === null) return `at ${shortId(head!)}, on no branch`
  return `on branch ${visible(branch)}`
}
