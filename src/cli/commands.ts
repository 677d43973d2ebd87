// The table of commands. Only the one that was typed is loaded; help and completion load what they show.
import type { CommandEntry } from './interface.ts'

export const groups: Readonly<Record<CommandEntry['group'], string>> = {
  start: 'start a repository',
  changes: 'work on files and tables',
  history: 'look at history',
  branches: 'branches and tags',
  merging: 'merge and take back',
  remotes: 'work with others',
  data: 'get data in and out',
  upkeep: 'settings and upkeep',
}

export const commands: readonly CommandEntry[] = [
  entry('init', 'start', 'Make a folder a repository', () => import('./commands/init.ts')),
  entry('clone', 'start', 'Copy a repository with its history', () => import('./commands/clone.ts')),
  entry('add', 'changes', 'Put changes into the next commit', () => import('./commands/add.ts')),
  entry('track', 'changes', 'Keep a file as a table with a key', () => import('./commands/track.ts')),
  entry('untrack', 'changes', 'Keep a table as a plain file again', () => import('./commands/untrack.ts')),
  entry('rm', 'changes', 'Remove files, here and in the next commit', () => import('./commands/rm.ts')),
  entry('mv', 'changes', 'Rename or move a file', () => import('./commands/mv.ts')),
  entry('status', 'changes', 'Show what has changed', () => import('./commands/status.ts')),
  entry('commit', 'changes', 'Record the staged changes', () => import('./commands/commit.ts')),
  entry('stash', 'changes', 'Put changes aside', () => import('./commands/stash.ts')),
  entry('restore', 'changes', 'Bring files back as they were', () => import('./commands/restore.ts')),
  entry('clean', 'changes', 'Remove files that are not versioned', () => import('./commands/clean.ts')),
  entry('log', 'history', 'List commits', () => import('./commands/log.ts')),
  entry('shortlog', 'history', 'List commits by who made them', () => import('./commands/shortlog.ts')),
  entry('show', 'history', 'Show a commit, or a file as it was', () => import('./commands/show.ts')),
  entry('diff', 'history', 'Show changes by row, cell and line', () => import('./commands/diff.ts')),
  entry('notes', 'history', 'Add texts to commits afterwards', () => import('./commands/notes.ts')),
  entry(
    'blame',
    'history',
    'Show which commit last changed each row or line',
    () => import('./commands/blame.ts'),
  ),
  entry('check', 'history', 'Check tables against their rules', () => import('./commands/check.ts')),
  entry('bisect', 'history', 'Find the commit that broke something', () => import('./commands/bisect.ts')),
  entry('reflog', 'history', 'List what happened in this repository', () => import('./commands/reflog.ts')),
  entry('describe', 'history', 'Name a commit by its nearest tag', () => import('./commands/describe.ts')),
  entry(
    'merge-base',
    'history',
    'Find the common ancestor of branches',
    () => import('./commands/merge-base.ts'),
  ),
  entry('rev-parse', 'history', "Print revisions' ids, for scripts", () => import('./commands/rev-parse.ts')),
  entry('branch', 'branches', 'List, make, rename and delete branches', () => import('./commands/branch.ts')),
  entry('switch', 'branches', 'Go to another branch', () => import('./commands/switch.ts')),
  entry('tag', 'branches', 'List, make and delete tags', () => import('./commands/tag.ts')),
  entry('merge', 'merging', 'Merge another branch into this one', () => import('./commands/merge.ts')),
  entry('merge-file', 'merging', 'Merge three versions of a file', () => import('./commands/merge-file.ts')),
  entry(
    'conflicts',
    'merging',
    'List what a merge could not decide',
    () => import('./commands/conflicts.ts'),
  ),
  entry('resolve', 'merging', 'Resolve conflicts', () => import('./commands/resolve.ts')),
  entry('revert', 'merging', 'Take back what a commit did', () => import('./commands/revert.ts')),
  entry('cherry-pick', 'merging', 'Apply what a commit changed', () => import('./commands/cherry-pick.ts')),
  entry('rebase', 'merging', 'Put commits on top of another branch', () => import('./commands/rebase.ts')),
  entry('reset', 'merging', 'Set the branch to another commit', () => import('./commands/reset.ts')),
  entry('undo', 'merging', 'Take back the last operation', () => import('./commands/undo.ts')),
  entry('remote', 'remotes', 'List, add and remove remotes', () => import('./commands/remote.ts')),
  entry('fetch', 'remotes', 'Get new commits from a remote', () => import('./commands/fetch.ts')),
  entry('pull', 'remotes', 'Fetch, then merge', () => import('./commands/pull.ts')),
  entry('push', 'remotes', 'Send commits to a remote', () => import('./commands/push.ts')),
  entry('mirror', 'remotes', 'Keep an exact copy of a repository', () => import('./commands/mirror.ts')),
  entry('serve', 'remotes', 'Serve repositories over HTTP', () => import('./commands/serve.ts')),
  entry('token', 'remotes', 'Make and revoke tokens for a server', () => import('./commands/token.ts')),
  entry('bundle', 'remotes', 'Carry history in one file', () => import('./commands/bundle.ts')),
  entry('link', 'data', 'Declare live systems to keep in step with', () => import('./commands/link.ts')),
  entry('sync', 'data', 'Bring linked tables in step', () => import('./commands/sync.ts')),
  entry('derive', 'data', 'Compute tables from other tables', () => import('./commands/derive.ts')),
  entry('sql', 'data', 'Query tables of any version', () => import('./commands/sql.ts')),
  entry('ls', 'data', 'List files and tables', () => import('./commands/ls.ts')),
  entry('ls-files', 'data', 'List versioned files, for scripts', () => import('./commands/ls-files.ts')),
  entry('cat', 'data', 'Print a file', () => import('./commands/cat.ts')),
  entry('import', 'data', 'Load rows into a table, or a Git history', () => import('./commands/import.ts')),
  entry('export', 'data', "Write a table's rows", () => import('./commands/export.ts')),
  entry('car', 'data', 'Exchange history with IPLD tools', () => import('./commands/car.ts')),
  entry(
    'git-driver',
    'upkeep',
    'Let Git merge data files as Varve does',
    () => import('./commands/git-driver.ts'),
  ),
  entry('config', 'upkeep', 'Read and change settings', () => import('./commands/config.ts')),
  entry('gc', 'upkeep', 'Remove what nothing needs', () => import('./commands/gc.ts')),
  entry('fsck', 'upkeep', 'Check every byte of the repository', () => import('./commands/fsck.ts')),
  entry('completion', 'upkeep', 'Print completion for a shell', () => import('./commands/completion.ts')),
  entry('help', 'upkeep', 'Explain a command', () => import('./commands/help.ts')),
]

export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((command) => command.name === name)
}

function entry(
  name: string,
  group: CommandEntry['group'],
  summary: string,
  load: CommandEntry['load'],
): CommandEntry {
  return { name, group, summary, load }
}
