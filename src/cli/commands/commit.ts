import { usage } from '../arguments.ts'
import { statLines } from '../format/diff.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import { parseAuthor } from '../identity.ts'
import type { Command, Context } from '../interface.ts'
import { collect } from '../../base/iterables.ts'
import { readText } from '../read-text.ts'

export const command: Command = {
  usage: ['commit [-a] -m MESSAGE', 'commit --amend [-m MESSAGE]'],
  description:
    'Records what is staged as a commit on the current branch. When it returns, the commit survives a crash. With several\n-m, each is a paragraph.',
  options: {
    message: { type: 'list', short: 'm', value: 'MESSAGE', about: 'what was done and why' },
    file: {
      type: 'text',
      short: 'F',
      value: 'FILE',
      about: "take the message from FILE, '-' for standard input",
    },
    all: { type: 'flag', short: 'a', about: 'first add all changes of versioned files' },
    amend: { type: 'flag', about: 'replace the last commit' },
    'allow-empty': { type: 'flag', about: 'even if nothing has changed' },
    author: { type: 'text', value: "'NAME <EMAIL>'", about: 'somebody else did it' },
    date: { type: 'text', value: 'DATE', about: 'when: ISO 8601, or seconds since 1970' },
  },
  examples: [
    ['varve commit -m "Add prices of May"', 'commit what is staged'],
    ['varve commit -am "Correct two names"', 'add all changes, then commit'],
    ['varve commit --amend -m "Correct three names"', 'replace the last commit'],
  ],
  json: '{ id: string; cid: string; parents: string[]; author: Signature; committer: Signature; message: string; refs: string[]; extra: object }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 0, '')
  const amend = given.flag('amend')
  const message = await messageOf(given.list('message'), given.text('file'))
  const author = given.text('author')
  const person = author === undefined ? {} : { author: parseAuthor(author) }
  const repo = await repository({ commits: true, date: given.text('date') })
  if (message === undefined && !amend && (await repo.status(operation)).merging === null) {
    throw usage('no message given', "say what was done: 'varve commit -m MESSAGE'")
  }
  const commit = await repo.commit({
    ...operation,
    ...person,
    ...(message === undefined ? {} : { message }),
    all: given.flag('all'),
    amend,
    allowEmpty: given.flag('allow-empty'),
  })
  if (out.json) out.result(commit, () => {})
  else if (!out.quiet) {
    const branch = (await repo.branches()).find(({ current }) => current)?.name ?? 'detached HEAD'
    out.say(`[${branch} ${shortId(commit.id)}] ${subjectOf(commit.message)}`)
    const parent = commit.parents[0] ?? emptyRevision
    for (const line of statLines(
      await collect(repo.diffStat({ ...operation, from: parent, to: commit.id })),
      out,
    ))
      out.say(line)
  }
  return 0
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
