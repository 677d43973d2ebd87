import { type Arguments, usage } from '../arguments.ts'
import { printDiffs, statLines, statNews } from '../format/diff.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import { printAutostash } from '../format/autostash.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { CommitOptions } from '../../api/files/committing.ts'
import type { CommitInfo, DiffOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { aboutCommit, commitDiffEnds } from '../message/about-commit.ts'
import { MessageEditor, commitFile } from '../message/draft.ts'
import { editOptions, wantsEditor } from '../message/edit-options.ts'
import type { Output } from '../output.ts'
import { parseAuthor } from '../identity.ts'
import type { Command, Context } from '../interface.ts'
import { isVarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import { expectedFailure } from '../failure.ts'
import { readText } from '../read-text.ts'
import { patchOptions } from '../choosing/options.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { signChoice, signOptions } from '../signing/options.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'commit [-a] [-m MESSAGE | -F FILE] [-e]',
    'commit [-i] [-m MESSAGE] PATH...',
    'commit -p [-m MESSAGE] [PATH...]',
    'commit (-C | -c) REV [-a] [PATH...]',
    'commit (--fixup | --squash) REV [-a] [PATH...]',
    'commit --amend [-m MESSAGE] [-e | --no-edit]',
    'commit -S[KEYID] ...',
    'commit --dry-run [-a] [--amend] [PATH...]',
  ],
  description:
    'Records the staged changes as a commit on the current branch. When the command returns, the commit\nsurvives a crash. With PATHs it records all changes of these, staged or not, and nothing else; other\nstaged changes stay staged; with -i these are recorded as well. With -p it first asks of each changed\nrow, and each change of a text, whether it is meant, and then records what is staged.\n\nWith several -m, each is a paragraph of the message. Without a message, an editor opens on a\nterminal: $VARVE_EDITOR, core.editor of your own settings (varve config --global), $VISUAL, $EDITOR,\nor vi. An empty message cancels the commit. With -v the editor shows the changes below the message.',
  options: {
    message: { type: 'list', short: 'm', value: 'MESSAGE', about: 'what was done and why' },
    file: {
      type: 'text',
      short: 'F',
      value: 'FILE',
      about: "take the message from FILE, '-' for standard input",
    },
    'reuse-message': {
      type: 'text',
      short: 'C',
      value: 'REV',
      about: 'take the message from REV, and its author with the date',
    },
    'reedit-message': {
      type: 'text',
      short: 'c',
      value: 'REV',
      about: 'the same, and edit the message',
    },
    fixup: {
      type: 'text',
      value: 'REV',
      about: "a correction of REV: 'varve rebase --autosquash' takes it into REV",
    },
    squash: { type: 'text', value: 'REV', about: 'the same, with a message to add to that of REV' },
    ...editOptions,
    all: { type: 'flag', short: 'a', about: 'first add all changes of versioned files' },
    ...patchOptions,
    include: { type: 'flag', short: 'i', about: 'with PATHs: what is staged as well' },
    only: { type: 'flag', short: 'o', about: 'with PATHs: these alone, as without it' },
    amend: { type: 'flag', about: 'replace the last commit' },
    'allow-empty': { type: 'flag', about: 'allow a commit that changes nothing' },
    'dry-run': { type: 'flag', about: 'only show what would be committed; needs no message' },
    author: { type: 'text', value: "'NAME <EMAIL>'", about: 'the author, if it is not you' },
    date: { type: 'text', value: 'DATE', about: 'the author date: ISO 8601, or seconds since 1970' },
    ...signOptions,
    ...pathspecFileOptions,
  },
  examples: [
    ['varve commit -m "Add prices of May"', 'commit what is staged'],
    ['varve commit -am "Correct two names"', 'add all changes, then commit'],
    ['varve commit -m "Correct a name" people.csv', 'only this file, whatever else is staged'],
    ['varve commit -i -m "Correct names" people.csv', 'this file, and what else is staged'],
    ['varve commit -p -m "Correct a name"', 'choose row by row what is committed'],
    ['varve commit -v', 'write the message in an editor, above the changes'],
    ['varve commit -C v1', 'with the message, the author and the date of another commit'],
    ['varve commit -a --dry-run', 'see what a commit of all changes would hold'],
    ['varve commit -S -m "Add prices of May"', 'signed with your key'],
    ['varve commit --amend -m "Correct three names"', 'replace the last commit'],
  ],
  json: '{ id: string; cid: string; tree: string; parents: string[]; author: Signature; committer: Signature; message: string; refs: string[]; extra: object }; --dry-run: { branch: string | null; parents: string[]; tree: string; changes: DiffStat[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const words = await pathWords(given, given.words)
  if (given.flag('all') && words.length > 0)
    throw usage("'--all' is of all files: name no paths", 'or name these alone, without it')
  given.exclusive('include', 'only')
  for (const name of ['include', 'only'])
    if (given.flag(name) && words.length === 0)
      throw usage(`'--${name}' is about paths: name some`, 'without it all that is staged is committed')
  for (const source of ['message', 'file']) given.exclusive(source, 'reuse-message', 'reedit-message')
  for (const name of ['reuse-message', 'reedit-message', 'amend']) given.exclusive('fixup', 'squash', name)
  const said = await messageOf(given.list('message'), given.text('file'))
  const repo = await repository({ commits: true, date: given.text('date') })
  const typed = await correctionOf(given, repo, said)
  const isChosen = given.flag('patch')
  if (isChosen) {
    for (const other of ['all', 'include', 'only', 'dry-run']) given.exclusive('patch', other)
    await (await import('../choosing/run-patch.ts')).stageChosen(context, repo, words)
  }
  const paths = words.length === 0 || isChosen ? undefined : toPathspecs(given, repo.root, words)
  const from = given.text('reuse-message') ?? given.text('reedit-message')
  const reused = from === undefined ? null : await repo.commitInfo(from)
  const author = authorOf(given, reused)
  if (given.flag('dry-run')) return preview(context, repo, { paths, author })
  const editor = new MessageEditor(context, repo.dotDir)
  const message = await messageFor(context, repo, { message: typed ?? reused?.message, paths, editor })
  const commit = await editor.use(() =>
    repo.commit({
      ...operation,
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
      ...(paths === undefined ? {} : { paths }),
      include: given.flag('include'),
      all: given.flag('all'),
      amend: given.flag('amend'),
      allowEmpty: given.flag('allow-empty'),
      ...signChoice(given),
    }),
  )
  if (out.json) out.result(commit, () => {})
  else if (!out.quiet) await printCommit(context, repo, commit)
  printAutostash(out, commit.autostash)
  return 0
}

/** The message of a commit that `rebase --autosquash` takes into another; as typed, where it is no such commit. */
async function correctionOf(
  given: Arguments,
  repo: Repository,
  typed: string | undefined,
): Promise<string | undefined> {
  const name = given.has('fixup') ? 'fixup' : 'squash'
  const revision = given.text(name)
  if (revision === undefined) return typed
  const subject = `${name}! ${subjectOf((await repo.commitInfo(revision)).message)}`
  return typed === undefined ? subject : `${subject}\n\n${typed}`
}

/** As named, else as the commit has it whose message is reused: that one's date too, unless another is given. */
function authorOf(given: Arguments, reused: CommitInfo | null): CommitOptions['author'] {
  const named = given.text('author')
  const person = named === undefined ? reused?.author : parseAuthor(named)
  if (reused === null || person === undefined) return person
  const { name, email } = person
  return given.has('date') ? { name, email } : { ...reused.author, name, email }
}

async function preview(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  { paths, author }: { readonly [Name in 'paths' | 'author']: CommitOptions[Name] | undefined },
): Promise<number> {
  const found = await repo.commitPreview({
    ...operation,
    ...(paths === undefined ? {} : { paths }),
    ...(author === undefined ? {} : { author }),
    include: given.flag('include'),
    all: given.flag('all'),
    amend: given.flag('amend'),
    allowEmpty: given.flag('allow-empty'),
  })
  out.result(found, () => {
    out.line(`would commit to ${found.branch === null ? 'a detached HEAD' : visible(found.branch)}`)
    for (const line of statLines(found.changes, out)) out.line(line)
  })
  return 0
}

/** The commit is made: an error or a stop while its summary is printed does not undo it. */
async function printCommit({ out, operation }: Context, repo: Repository, commit: CommitInfo): Promise<void> {
  const ends = { from: commit.parents[0] ?? emptyRevision, to: commit.id }
  try {
    const branch = (await repo.branches()).find(({ current }) => current)?.name ?? 'detached HEAD'
    out.say(`[${branch} ${shortId(commit.id)}] ${subjectOf(commit.message)}`)
    const stats = await collect(repo.diffStat({ ...operation, ...ends }))
    for (const line of statNews(stats, out, 'varve show --stat')) out.say(line)
  } catch (error) {
    const fault = expectedFailure(error)
    if (!isVarveError(fault)) throw error
    const why = fault.code === 'VARVE_ABORTED' ? 'stopped' : visible(fault.message)
    out.warn(`the commit ${shortId(commit.id)} is made, but not all that it changes was shown: ${why}`)
  }
}

/** As given, or written in an editor; undefined: as the merge under way or the amended commit has it. */
async function messageFor(
  context: Context,
  repo: Repository,
  {
    message,
    paths,
    editor,
  }: {
    readonly message: string | undefined
    readonly paths: CommitOptions['paths'] | undefined
    readonly editor: MessageEditor
  },
): Promise<string | undefined> {
  const { arguments: given, out, operation } = context
  const isReedited = given.has('reedit-message') && !given.flag('no-edit')
  const isEdited = wantsEditor(context, message === undefined) || isReedited
  const [all, amend] = [given.flag('all'), given.flag('amend')]
  if (!isEdited && (message !== undefined || amend)) return message
  const status = await repo.status(operation)
  const { head } = status
  // Where a series stopped and its commit is made, this is a commit like any.
  const merging = status.merging?.waits === false ? null : status.merging
  if (!isEdited) {
    if (merging !== null) return undefined
    throw usage('no message given', "say what was done: 'varve commit -m MESSAGE'")
  }
  const takesFiles = all || paths !== undefined
  const hasChanges = status.staged.length > 0 || (takesFiles && status.unstaged.length > 0)
  const canBe = merging === null ? hasChanges || amend || given.flag('allow-empty') : merging.conflicts === 0
  // A commit that is refused needs no message.
  if (!canBe || (amend && (head === null || merging !== null))) return message
  await repo.committer()
  const amended = amend ? await repo.commitInfo('HEAD') : null
  const staged = given.flag('include') ? status.staged.map(({ path }) => path) : []
  const about = { all, paths: paths === undefined ? undefined : [...paths, ...staged], amended }
  return editor.write({
    file: commitFile,
    proposed: message ?? merging?.message ?? amended?.message ?? '',
    about: await aboutCommit(context, repo, about, status),
    ...(out.verbose ? { print: async (shown) => printed(shown, repo, commitDiffEnds(about, status)) } : {}),
  })
}

async function printed(out: Output, repo: Repository, ends: DiffOptions): Promise<void> {
  await printDiffs(out, repo.diff(ends))
}

async function messageOf(
  paragraphs: readonly string[],
  file: string | undefined,
): Promise<string | undefined> {
  if (paragraphs.length > 0 && file !== undefined) throw usage("'-m' and '-F' exclude each other")
  const message = file === undefined ? paragraphs.join('\n\n') : await readText(file, 'the message')
  if (message.trim() !== '') return message
  if (paragraphs.length > 0 || file !== undefined) throw usage('the message is empty')
  return undefined
}
