import { actionOf } from '../action-of.ts'
import type { NoteInfo } from '../../api/notes/notes.ts'
import { VarveError } from '../../base/errors.ts'
import { subjectOf } from '../../history/message.ts'
import type { NotesMergeOptions, Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { type Draft, MessageEditor } from '../message/draft.ts'
import { readText } from '../read-text.ts'
import { visible, visibleLine } from '../visible.ts'

export const command: Command = {
  usage: [
    'notes [list [REV]]',
    'notes add [-f] [-m TEXT... | -F FILE] [REV]',
    'notes append [-m TEXT... | -F FILE] [REV]',
    'notes edit [REV]',
    'notes show [REV]',
    'notes copy [-f] FROM TO',
    'notes remove [--ignore-missing] [REV...]',
    'notes merge [-s STRATEGY] [REMOTE]',
    'notes prune [-n]',
  ],
  description:
    'Notes are texts about commits (default: HEAD) that are added afterwards: the commits stay as they\nare, with their ids. `varve log` and `varve show` show them, unless they are told --no-notes.\nEach change of a note is a commit on refs/notes/commits, and can be taken back by `varve undo`.\n\nWithout -m and -F an editor opens; an empty text takes the note away. list shows the id of each text\nand the commit that it is about.\n\n`varve push --notes` takes notes to a remote, and `varve fetch` those of the remote to\nrefs/notes/REMOTE/commits; merge brings them in. Where both sides changed a note, it gets what either\nwrote (-s union), or stays as here or there (-s ours, -s theirs). A clone begins with the notes of\nwhere it comes from. prune takes away notes of commits that `varve gc` has removed.',
  options: {
    message: { type: 'list', short: 'm', value: 'TEXT', about: 'the text; of several, each is a paragraph' },
    file: { type: 'text', short: 'F', value: 'FILE', about: "take the text from FILE, '-': standard input" },
    force: { type: 'flag', short: 'f', about: 'replace the note that is there' },
    strategy: {
      type: 'text',
      short: 's',
      value: 'STRATEGY',
      about: 'merge: union, ours or theirs, where both sides changed a note',
    },
    'dry-run': { type: 'flag', short: 'n', about: 'prune: only show which notes would go' },
    'ignore-missing': { type: 'flag', about: 'pass over commits without a note' },
  },
  examples: [
    ["varve notes add -m 'Checked against the invoice' v1", 'add a text to a commit'],
    ['varve notes append -m "Prices of May are still missing"', 'another paragraph for the last commit'],
    ['varve notes show v1', 'print it'],
    ['varve notes', 'which commits have one'],
    ['varve notes merge', 'bring in the notes that the last fetch brought along'],
    ['varve notes copy HEAD@{1} HEAD', 'after an amended commit: take its note along'],
  ],
  json: "{ items: { commit: string; id: string }[] }; show: { commit: string; text: string }; add, append, edit and copy: { commit: string; text: string | null }; remove and prune: { removed: string[] }; merge: { kind: 'up-to-date' | 'fast-forward' | 'merge'; from: string; combined: string[] }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository } = context
  const [verb = 'list', ...names] = given.words
  const action = actionOf('notes', actions, verb)
  given.only(`notes ${verb}`, action.options)
  const [min, max] = action.names
  if (names.length > max) throw usage(`unexpected argument '${names[max]!}'`)
  if (names.length < min) throw usage('missing argument: FROM and TO')
  given.exclusive('message', 'file')
  await action.run(context, await repository({ commits: verb !== 'list' && verb !== 'show' }), names)
  return 0
}

interface Action {
  readonly options: readonly string[]
  /** The least and the most words behind it. */
  readonly names: readonly [min: number, max: number]
  readonly run: (context: Context, repo: Repository, names: readonly string[]) => Promise<void>
}

const actions: Readonly<Record<string, Action>> = {
  list: {
    options: [],
    names: [0, 1],
    run: async ({ out, operation }, repo, [name]) => {
      const only = name === undefined ? null : (await repo.commitInfo(name)).id
      const notes = repo.notes.list(operation)
      await out.items(only === null ? notes : ofCommit(notes, only), ({ commit, id }) =>
        out.line(only === null ? `${id} ${visible(commit)}` : id),
      )
    },
  },
  add: {
    options: ['message', 'file', 'force'],
    names: [0, 1],
    run: async (context, repo, [revision = 'HEAD']) => {
      const { arguments: given } = context
      const typed = await typedText(given)
      // As in Git: without a text, the note that is there is edited.
      if (typed === undefined) return edit(context, repo, revision)
      tell(context, await repo.notes.add(typed, { revision, force: given.flag('force') }))
    },
  },
  append: {
    options: ['message', 'file'],
    names: [0, 1],
    run: async (context, repo, [revision = 'HEAD']) => {
      const editor = new MessageEditor(context, repo.dotDir)
      const typed = await typedText(context.arguments)
      const text = typed ?? (await editor.write(await draftOf(repo, revision, '')))
      tell(context, await editor.use(() => repo.notes.append(text, { revision })))
    },
  },
  edit: {
    options: [],
    names: [0, 1],
    run: async (context, repo, [revision = 'HEAD']) => edit(context, repo, revision),
  },
  show: {
    options: [],
    names: [0, 1],
    run: async ({ out }, repo, [revision = 'HEAD']) => {
      const note = await repo.commitInfo(revision, { notes: true })
      if (note.note === undefined) throw noNote(note.id)
      out.result({ commit: note.id, text: note.note }, () => {
        for (const line of note.note!.split('\n')) out.line(visibleLine(line))
      })
    },
  },
  copy: {
    options: ['force'],
    names: [2, 2],
    run: async (context, repo, [from, to]) =>
      tell(context, await repo.notes.copy(from!, to!, { force: context.arguments.flag('force') })),
  },
  remove: {
    options: ['ignore-missing'],
    names: [0, Number.POSITIVE_INFINITY],
    run: async ({ arguments: given, out }, repo, names) => {
      const ignoreMissing = given.flag('ignore-missing')
      const removed = await repo.notes.remove(names.length === 0 ? ['HEAD'] : names, { ignoreMissing })
      out.result({ removed }, () => {
        for (const commit of removed) out.say(`removed the note of ${shortId(commit)}`)
      })
    },
  },
  merge: {
    options: ['strategy'],
    names: [0, 1],
    run: async ({ arguments: given, out }, repo, [remote]) => {
      const merged = await repo.notes.merge(remote, { strategy: strategyOf(given) })
      out.result(merged, () => {
        if (merged.kind === 'up-to-date') out.say('the notes are up to date')
        else out.say(`brought in the notes of ${visible(merged.from)}`)
        for (const commit of merged.combined) out.say(`both sides had changed the note of ${shortId(commit)}`)
      })
    },
  },
  prune: {
    options: ['dry-run'],
    names: [0, 0],
    run: async ({ arguments: given, out, operation }, repo) => {
      const dryRun = given.flag('dry-run')
      const removed = await repo.notes.prune({ ...operation, dryRun })
      out.result({ removed }, () => {
        for (const commit of removed)
          out.say(`${dryRun ? 'would remove' : 'removed'} the note of ${shortId(commit)}`)
      })
    },
  },
}

function strategyOf(given: Arguments): NotesMergeOptions['strategy'] {
  const name = given.text('strategy')
  if (name === undefined || name === 'union' || name === 'ours' || name === 'theirs') return name
  throw usage(`'${name}' is no strategy for notes`, 'one of union, ours and theirs')
}

async function* ofCommit(notes: AsyncIterable<NoteInfo>, commit: string): AsyncGenerator<NoteInfo> {
  let isThere = false
  for await (const note of notes) {
    if (note.commit !== commit) continue
    isThere = true
    yield note
  }
  if (!isThere) throw noNote(commit)
}

async function typedText(given: Arguments): Promise<string | undefined> {
  const paragraphs = given.list('message')
  if (paragraphs.length > 0) return paragraphs.join('\n\n')
  const file = given.text('file')
  return file === undefined ? undefined : readText(file, 'the note')
}

async function edit(context: Context, repo: Repository, revision: string): Promise<void> {
  const before = await repo.notes.get(revision)
  const editor = new MessageEditor(context, repo.dotDir)
  const text = await editor.write(await draftOf(repo, revision, before ?? ''))
  tell(context, await editor.use(() => repo.notes.add(text, { revision, replacing: before })))
}

async function draftOf(repo: Repository, revision: string, proposed: string): Promise<Draft> {
  await repo.committer()
  const { id, message } = await repo.commitInfo(revision)
  const about = [`note about ${shortId(id)}: ${visible(subjectOf(message))}`]
  return { file: 'NOTES_EDITMSG', proposed, about }
}

function tell({ out }: Context, note: { commit: string; text: string | null }): void {
  out.result(note, () => {
    if (note.text === null) out.say(`${shortId(note.commit)} has no note any more`)
    else out.say(`note of ${shortId(note.commit)}: ${visible(subjectOf(note.text))}`)
  })
}

function noNote(commit: string): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `commit ${shortId(commit)} has no note`, {
    data: { commit },
    hint: "'varve notes list' shows which commits have one",
  })
}
