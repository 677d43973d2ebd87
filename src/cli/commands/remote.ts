import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shownUrl } from '../format/transfer.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['remote [list]', 'remote add NAME URL', 'remote remove NAME'],
  description:
    "Lists, adds and removes remotes: other repositories to fetch from and push to. URL is the path or the file://\naddress of a repository's folder, or a Git repository: git+https://, git+ssh:// or git+file://. The first push makes\nthe data there where there is none.",
  options: {},
  examples: [
    ['varve remote add origin /srv/data/prices', 'a repository on a disk'],
    ['varve remote add origin git+ssh://git@github.com/ada/prices.git', 'data beside the code on a Git host'],
    ['varve remote', 'which remotes there are'],
  ],
  json: '{ items: { name: string; url: string }[] }; add: { name: string; url: string }; remove: { removed: string }',
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  const [action = 'list', name, url] = given.words
  const repo = await repository()
  if (action === 'list') {
    given.expectWords(0, 1, '')
    const remotes = await repo.remotes()
    out.result({ items: remotes }, () => {
      for (const line of alignedRows(
        remotes.map((remote) => [visible(remote.name), visible(shownUrl(remote.url))]),
      ))
        out.line(line)
    })
  } else if (action === 'add') {
    given.expectWords(3, 3, 'NAME and URL')
    const remote = await repo.addRemote(name!, url!)
    out.result(remote, () => out.say(`remote ${visible(remote.name)} is ${visible(shownUrl(remote.url))}`))
  } else if (action === 'remove' || action === 'rm') {
    given.expectWords(2, 2, 'NAME')
    await repo.removeRemote(name!)
    out.result({ removed: name }, () => out.say(`removed remote ${visible(name!)}`))
  } else throw usage(`'${action}' is not one of list, add, remove`)
  return 0
}
