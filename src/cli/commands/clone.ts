import path from 'node:path'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { openOptions } from '../session.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['clone [--bare] URL [DIR]'],
  description:
    "Copies the repository at URL with its whole history into DIR (default: the URL's last part), remembers URL as the\nremote 'origin', and writes the files of its current branch.",
  options: {
    bare: { type: 'flag', about: 'copy the history alone, without files' },
  },
  examples: [
    ['varve clone /srv/data/prices', 'from a disk that you can reach, into ./prices'],
    ['varve clone file:///srv/data/prices current', 'the same, into ./current'],
  ],
  json: '{ root: string; url: string; branch: string | null; head: string | null }',
  run,
}

async function run({ arguments: given, out, environment, operation }: Context): Promise<number> {
  given.expectWords(1, 2, 'URL')
  const { Repository } = await import('../../index.ts')
  const url = given.words[0]!
  const directory = given.words[1] ?? lastPart(url)
  const repository = await Repository.clone(url, directory, {
    ...(await openOptions(environment)),
    ...operation,
    bare: given.flag('bare'),
  })
  try {
    const current = (await repository.branches()).find((branch) => branch.current)
    const facts = {
      root: path.resolve(directory),
      url,
      branch: current?.name ?? null,
      head: current?.commit ?? null,
    }
    out.result(facts, () => {
      out.say(`cloned ${visible(url)} into ${visible(directory)}`)
      if (facts.head === null) out.hint('the repository has no commits yet')
    })
  } finally {
    await repository.close()
  }
  return 0
}

function lastPart(url: string): string {
  const name = url
    .replace(/[?#].*$/, '')
    .replace(/[/\\]+$/, '')
    .split(/[/\\:]/)
    .at(-1)!
    .replace(/\.(varve|git)$/, '')
  if (name === '' || name === '.' || name === '..')
    throw usage(`cannot take a folder's name from '${url}'`, "name it: 'varve clone URL DIR'")
  return name
}
