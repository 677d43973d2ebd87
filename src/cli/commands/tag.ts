import { type Arguments, usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import { dateText } from '../../base/time.ts'
import type { Repository, TagInfo, VerifiedObject } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { MessageEditor } from '../message/draft.ts'
import { editOptions } from '../message/edit-options.ts'
import type { Output } from '../output.ts'
import {
  narrowsRefs,
  refFilter,
  refLines,
  refListOptions,
  refOptions,
  refuseInLists,
  shapesList,
} from '../ref-options.ts'
import { printVerified } from '../signing/shown.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'tag [-l] [-n[LINES]] [--contains [REV]] [--merged [REV]] [--sort KEY] [--format FORMAT] [PATTERN...]',
    'tag [-f] [-a | -s | -u KEYID] [-m MESSAGE] NAME [REV]',
    'tag -v NAME...',
    'tag -d NAME...',
  ],
  description:
    "Lists tags, or gives REV (default: HEAD) a lasting name. With -l or a condition, only tags whose\nnames match PATTERN ('v1.*') are listed. With a message the tag is annotated: it records who made\nit, when and why. With -a and without -m, an editor opens for the message on a terminal.",
  options: {
    list: { type: 'flag', short: 'l', about: 'list tags (the default without NAME)' },
    lines: {
      type: 'optional',
      short: 'n',
      value: 'LINES',
      about: "list the first LINES lines (default: 1) of each tag's message, or of its commit's message",
    },
    ...refOptions,
    ...refListOptions,
    annotate: { type: 'flag', short: 'a', about: 'make an annotated tag, which has a message' },
    sign: { type: 'flag', short: 's', about: 'make an annotated tag, signed with your key' },
    'local-user': { type: 'text', short: 'u', value: 'KEYID', about: 'the same, with this key' },
    'no-sign': { type: 'flag', about: 'do not sign it, although tag.gpgSign is set' },
    verify: { type: 'flag', short: 'v', about: 'show tags, and check their signatures' },
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the tag's message; makes it annotated" },
    edit: editOptions['edit']!,
    force: { type: 'flag', short: 'f', about: 'move the tag if it exists' },
    delete: { type: 'flag', short: 'd', about: 'delete tags' },
  },
  examples: [
    ['varve tag v1', 'name the current commit'],
    ['varve tag -a -m "As published" v2 HEAD~1', 'an annotated tag on the commit before'],
    ["varve tag -l 'v2.*' -n3", 'tags by name, with the first three lines of their messages'],
    ['varve tag -s -m "As published" v2', 'a tag that is signed with your key'],
    ['varve tag -v v2', 'what it says, and whether its signature is good'],
    ['varve tag --contains 1f2e3d', 'the tags that contain a commit'],
    ['varve tag --sort=-version:refname', 'the highest version first: v1.10 before v1.9'],
    ['varve tag -d v1', 'delete a tag'],
  ],
  json: '{ items: { name: string; commit: string; annotated: boolean; message: string; commitMessage?: string (with -n) }[] }; made: one of these; deleted: { deleted: string[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation, interactive } = context
  given.exclusive('list', 'delete', 'annotate', 'verify')
  given.exclusive('sign', 'local-user', 'no-sign', 'list', 'delete', 'verify')
  refuseInLists(given, ['delete', 'annotate', 'force', 'sign', 'local-user', 'verify'])
  if (given.flag('verify')) return verifyTags(context)
  const { words } = given
  const message = given.text('message')
  const isSigned = given.flag('sign') || given.has('local-user')
  const isAnnotated = given.flag('annotate') || isSigned
  const isEdited = given.flag('edit') || (isAnnotated && message === undefined && interactive)
  if (isAnnotated && message === undefined && !isEdited)
    throw usage(`${isSigned ? 'a signed' : 'an annotated'} tag needs a message: -m MESSAGE`)
  if (given.flag('delete')) {
    if (words.length === 0) throw usage('missing argument: NAME')
    const repo = await repository()
    for (const name of words) await repo.deleteTag(name)
    out.result({ deleted: words }, () => {
      for (const name of words) out.say(`deleted tag ${visible(name)}`)
    })
    return 0
  }
  const print = refLines<TagInfo>(context, (tags) => printTags(out, tags, linesOf(given)))
  given.exclusive('format', 'lines')
  if (words.length === 0 || given.flag('list') || given.has('lines') || narrowsRefs(given)) {
    const lines = linesOf(given)
    const filter = refFilter(given, operation.signal)
    const tags = await (
      await repository()
    ).tags({ ...filter, commitMessages: lines !== null, details: given.has('format') })
    out.result({ items: tags }, () => print(tags))
    return 0
  }
  if (shapesList(given))
    throw usage(
      "'--sort', '--format' and '--ignore-case' are for lists",
      "for names like it write '-l' before them",
    )
  given.expectWords(1, 2, 'NAME')
  const repo = await repository({ commits: isEdited || message !== undefined })
  const editor = new MessageEditor(context, repo.dotDir)
  const named = isEdited ? await writtenMessage(repo, editor, given) : message
  const tag = await editor.use(() =>
    repo.createTag(words[0]!, {
      ...(words[1] === undefined ? {} : { revision: words[1] }),
      ...(named === undefined ? {} : { message: named }),
      force: given.flag('force'),
      ...(isSigned
        ? { sign: given.text('local-user') ?? true }
        : given.flag('no-sign')
          ? { sign: false }
          : {}),
    }),
  )
  out.result(tag, () => out.say(`tag ${visible(tag.name)} at ${shortId(tag.commit)}`))
  return 0
}

/** Shows what tags say, and checks their signatures. */
async function verifyTags({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, Infinity, 'NAME')
  const repo = await repository({ signatures: true })
  const checked: VerifiedObject[] = []
  for (const name of given.words) checked.push(await repo.verifyTag(name, operation))
  const tags = await repo.tags({ details: true })
  if (!out.json) {
    for (const { name, commit, message, details } of tags.filter((tag) => given.words.includes(tag.name))) {
      const { tagger } = details!
      out.line(`tag ${visible(name)} at ${shortId(commit)}`)
      out.line(`Tagger: ${visible(tagger!.name)} <${visible(tagger!.email)}>, ${dateText(tagger!)}`)
      for (const line of message.trimEnd().split('\n')) out.line(`    ${visible(line)}`.trimEnd())
    }
  }
  return printVerified(out, checked, 'tag')
}

/** How many lines of each message to show; null: its subject alone, for tags that have one. */
function linesOf(given: Arguments): number | null {
  const typed = given.optional('lines')?.at(-1)
  if (typed === undefined) return null
  if (!/^\d{0,6}$/.test(typed)) throw usage(`'-n' needs a whole number, not '${typed}'`)
  return typed === '' ? 1 : Number(typed)
}

function printTags(out: Output, tags: readonly TagInfo[], lines: number | null): void {
  const messages = tags.map(({ message, commitMessage }) =>
    message === '' ? (commitMessage ?? '') : message,
  )
  const rows = tags.map((tag, i) => [
    visible(tag.name),
    shortId(tag.commit),
    lines === 0 ? '' : subjectOf(messages[i]!),
  ])
  for (const [i, line] of alignedRows(rows).entries()) {
    out.line(line)
    const more = lines === null ? [] : messages[i]!.trimEnd().split('\n').slice(1, Math.max(1, lines))
    for (const one of more) out.line(`    ${visible(one)}`.trimEnd())
  }
}

/** The message for a tag that can be made; for a tag that will be refused, no message is asked for. */
async function writtenMessage(
  repo: Repository,
  editor: MessageEditor,
  given: Arguments,
): Promise<string | undefined> {
  const [name, revision] = given.words
  const proposed = given.text('message') ?? ''
  if (!given.flag('force') && (await repo.tags()).some((tag) => tag.name === name)) return proposed
  await repo.committer()
  const commit = await repo.commitInfo(revision ?? 'HEAD')
  const about = [`tag ${visible(name!)} at ${shortId(commit.id)}: ${subjectOf(commit.message)}`]
  return editor.write({ file: 'TAG_EDITMSG', proposed, about })
}
