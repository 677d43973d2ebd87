import type { AddedRemote, RemoteInfo } from '../../api/interface.ts'
import { VarveError } from '../../base/errors.ts'
import { didYouMean, nearest } from '../../base/nearest.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shownUrl } from '../format/transfer.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'remote [list]',
    'remote add [--single-writer] NAME URL',
    'remote set-url [--push | --fallback] [--add | --delete] NAME URL',
    'remote get-url [--push] [--all] NAME',
    'remote rename OLD NEW',
    'remote remove NAME',
  ],
  description:
    "Lists, adds and removes remotes: other repositories to fetch from and push to. URL is the path or\nthe file:// URL of a repository's folder, a server (https://HOST/NAME), a folder behind ssh\n(ssh://USER@HOST/PATH or USER@HOST:PATH), a Git repository (git+https://, git+ssh:// or\ngit+file://), or an object store (s3://BUCKET/PREFIX). If nothing is there, the first push makes a\nrepository.\n\n'add' tests whether an object store honours conditional writes. Without them, two people who push at\nonce could lose each other's commits. A push goes to all URLs that are set with --push. A fetch uses\nthose of --fallback if the remote cannot be reached or is damaged.",
  options: {
    'single-writer': {
      type: 'flag',
      about: 'allow pushes to an object store without conditional writes, because nobody else pushes there',
    },
    push: { type: 'flag', about: 'a URL to push to; with --add, one more' },
    fallback: { type: 'flag', about: 'a copy to fetch from if the remote cannot be reached or is damaged' },
    add: { type: 'flag', about: 'keep the URLs that are set, and add this one' },
    delete: { type: 'flag', about: 'remove this URL' },
    all: { type: 'flag', about: 'with get-url: all URLs, one on each line' },
  },
  examples: [
    ['varve remote add origin /srv/data/prices', 'a repository on a disk'],
    ['varve remote add origin s3://my-bucket/prices', 'an object store'],
    ['varve remote add origin https://data.example.org/prices', "a server that runs 'varve serve'"],
    ['varve remote add origin ada@example.org:data/prices', 'a folder on another machine, by ssh'],
    ['varve remote add origin git+ssh://git@github.com/ada/prices.git', 'data beside the code on a Git host'],
    ['varve remote get-url origin', 'only its URL, for a script'],
    ['varve remote', 'which remotes there are'],
    ['varve remote set-url --add --push origin /mnt/backup/prices', 'push to a second place as well'],
    [
      'varve remote set-url --add --fallback origin /mnt/backup/prices',
      'and fetch from there if the remote is down',
    ],
  ],
  json: "{ items: { name: string; url: string; pushUrls?: string[]; fallbacks?: string[] }[] }; set-url: one of these; add: { name: string; url: string; finding: 'kept' | 'ignored' | 'rejected' | 'read-only' | null; conditional: 'yes' | 'no' | 'single-writer' | null }; rename: { from: string; to: string }; remove: { removed: string }; get-url: { urls: string[] }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const [action = 'list', name, url] = given.words
  if (action !== 'add' && given.flag('single-writer'))
    throw usage("--single-writer is only for 'varve remote add'")
  const repo = await repository()
  if (action === 'list') {
    given.expectWords(0, 1, '')
    const remotes = await repo.remotes()
    out.result({ items: remotes }, () => {
      for (const line of alignedRows(remotes.flatMap(linesOf))) out.line(line)
    })
  } else if (action === 'add') {
    given.expectWords(3, 3, 'NAME and URL')
    const remote = await repo.addRemote(name!, url!, {
      ...operation,
      singleWriter: given.flag('single-writer'),
    })
    out.result(remote, () => {
      out.say(`remote ${visible(remote.name)} is ${visible(shownUrl(remote.url))}`)
      tellFinding(out, remote)
    })
  } else if (action === 'remove' || action === 'rm') {
    given.expectWords(2, 2, 'NAME')
    await repo.removeRemote(name!)
    out.result({ removed: name }, () => out.say(`removed remote ${visible(name!)}`))
  } else if (action === 'rename') {
    given.expectWords(3, 3, 'OLD and NEW')
    await repo.renameRemote(name!, url!)
    out.result({ from: name, to: url }, () => out.say(`remote ${visible(name!)} is ${visible(url!)} now`))
  } else if (action === 'set-url') {
    given.expectWords(3, 3, 'NAME and URL')
    given.exclusive('push', 'fallback')
    given.exclusive('add', 'delete')
    const remote = await repo.setRemoteUrl(name!, url!, {
      use: given.flag('push') ? 'push' : given.flag('fallback') ? 'fallback' : 'fetch',
      how: given.flag('add') ? 'add' : given.flag('delete') ? 'remove' : 'set',
    })
    out.result(remote, () => {
      for (const line of alignedRows(linesOf(remote))) out.say(line)
    })
  } else if (action === 'get-url') {
    given.expectWords(2, 2, 'NAME')
    const found = (await repo.remotes()).find((remote) => remote.name === name)
    if (found === undefined) throw noRemote(name!, await repo.remotes())
    const { pushUrls = [] } = found
    const known = given.flag('push') && pushUrls.length > 0 ? pushUrls : [found.url]
    const urls = given.flag('all') ? known : known.slice(0, 1)
    out.result({ urls }, () => {
      for (const one of urls) out.line(visible(one))
    })
  } else throw usage(`'${action}' is not one of list, add, set-url, get-url, rename, remove`)
  return 0
}

function noRemote(name: string, remotes: readonly { readonly name: string }[]): VarveError {
  const names = remotes.map((remote) => remote.name)
  return new VarveError('VARVE_REF_NOT_FOUND', `no remote '${name}'`, {
    hint: didYouMean(nearest(name, names), "see 'varve remote' for the names"),
  })
}

function tellFinding(out: Context['out'], { name, finding, conditional }: AddedRemote): void {
  if (finding === 'kept') out.say('it keeps conditional writes: any number may push to it at once')
  if (finding === 'read-only')
    out.warn('it may be read only: these credentials may not put or delete objects')
  if (finding !== 'ignored' && finding !== 'rejected') return
  const verb = finding === 'ignored' ? 'ignores' : 'rejects'
  if (conditional === 'single-writer') {
    out.warn(`it ${verb} conditional writes: nobody else may ever push there`)
    return
  }
  out.warn(
    `it ${verb} conditional writes, so two who push could lose each other's commits: pushing is refused`,
  )
  out.hint(`if nobody else ever writes there: varve config remote.${name}.conditional single-writer`)
}

function linesOf({ name, url, pushUrls = [], fallbacks = [] }: RemoteInfo): string[][] {
  const line = (address: string, use: string): string[] => [visible(name), visible(shownUrl(address)), use]
  return [
    line(url, ''),
    ...pushUrls.map((address) => line(address, '(push)')),
    ...fallbacks.map((address) => line(address, '(fallback)')),
  ]
}
