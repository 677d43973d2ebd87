import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['tag [-l]', 'tag [-f] [-a -m MESSAGE] NAME [REV]', 'tag -d NAME...'],
  description:
    'Lists tags, or gives REV (default: HEAD) a name that stays. With a message the tag is annotated: it keeps who made\nit, when and why.',
  options: {
    list: { type: 'flag', short: 'l', about: 'list tags (the default without NAME)' },
    annotate: { type: 'flag', short: 'a', about: 'an annotated tag; needs -m' },
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: 'what it stands for; makes it annotated' },
    force: { type: 'flag', short: 'f', about: 'move the tag if it exists' },
    delete: { type: 'flag', short: 'd', about: 'delete tags' },
  },
  examples: [
    ['varve tag v1', 'name the current commit'],
    ['varve tag -a -m "As published" v2 HEAD~1', 'an annotated tag on the commit before'],
    ['varve tag -d v1', 'delete a tag'],
  ],
  json: '{ items: { name: string; commit: string; annotated: boolean; message: string }[] }; made: one of these; deleted: { deleted: string[] }',
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.exclusive('list', 'delete', 'annotate')
  const { words } = given
  const message = given.text('message')
  if (given.flag('annotate') && message === undefined)
    throw usage('an annotated tag needs a message: -m MESSAGE')
  if (given.flag('delete')) {
    if (words.length === 0) throw usage('missing argument: NAME')
    const repo = await repository()
    for (const name of words) await repo.deleteTag(name)
    out.result({ deleted: words }, () => {
      for (const name of words) out.say(`deleted tag ${visible(name)}`)
    })
    return 0
  }
  if (words.length === 0 || given.flag('list')) {
    given.expectWords(0, 0, '')
    const tags = await (await repository()).tags()
    const rows = tags.map((tag) => [visible(tag.name), shortId(tag.commit), subjectOf(tag.message)])
    out.result({ items: tags }, () => {
      for (const line of alignedRows(rows)) out.line(line)
    })
    return 0
  }
  given.expectWords(1, 2, 'NAME')
  const repo = await repository({ commits: message !== undefined })
  const tag = await repo.createTag(words[0]!, {
    ...(words[1] === undefined ? {} : { revision: words[1] }),
    ...(message === undefined ? {} : { message }),
    force: given.flag('force'),
  })
  out.result(tag, () => out.say(`tag ${visible(tag.name)} at ${shortId(tag.commit)}`))
  return 0
}
