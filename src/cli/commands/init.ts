import path from 'node:path'
import type { Command, Context } from '../interface.ts'
import { openOptions } from '../session.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['init [--bare] [-b BRANCH] [DIR]'],
  description:
    'Makes DIR (default: the working directory) a repository. Its history is stored in DIR/.varve.\nExisting files stay as they are; add and commit them. A bare repository has no files of its own:\nothers push to it.',
  options: {
    bare: { type: 'flag', about: 'a repository without files, to push to' },
    'initial-branch': {
      type: 'text',
      short: 'b',
      value: 'BRANCH',
      about: "the first branch's name (default: main)",
    },
  },
  examples: [
    ['varve init', 'version the folder you are in'],
    ['varve init --bare /srv/data/prices', 'a place to push to, on a disk that others can reach'],
  ],
  json: '{ root: string; bare: boolean; gitignore: string | null }',
  run,
}

async function run({ arguments: given, out, environment }: Context): Promise<number> {
  given.expectWords(0, 1, 'DIR')
  const { Repository } = await import('../../api/repository.ts')
  const directory = given.words[0] ?? '.'
  const bare = given.flag('bare')
  const branch = given.text('initial-branch')
  const repository = await Repository.init(directory, {
    ...(await openOptions(environment)),
    bare,
    ...(branch === undefined ? {} : { branch }),
  })
  await repository.close()
  const root = path.resolve(directory)
  out.result({ root, bare, gitignore: repository.gitignore }, () => {
    out.say(
      `made ${bare ? 'a bare repository' : 'a repository'} in ${visible(given.words[0] ?? 'this folder')}`,
    )
    if (repository.gitignore !== null)
      out.hint(`added .varve/ to ${visible(repository.gitignore)}, for git to leave it alone`)
  })
  return 0
}
