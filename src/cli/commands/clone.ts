import path from 'node:path'
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { CloneOptions, Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { expectedFailure } from '../failure.ts'
import type { Command, Context } from '../interface.ts'
import { openOptions } from '../session.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'clone [--bare] [-b BRANCH] [--depth N] URL [DIR]',
    'clone [--filter PATH|blob:limit=N]... [--lazy] URL [DIR]',
    'clone --at REV [--depth N] URL [DIR]',
  ],
  description:
    "Copies the repository at URL with its whole history into DIR (default: the last part of URL), stores\nURL as the remote 'origin', and writes the files of the current branch. If a clone was interrupted,\nthe same command continues it. With --at only one revision is copied, without its history, as a\nbuild needs it.",
  options: {
    bare: { type: 'flag', about: 'copy only the history, without files' },
    branch: {
      type: 'text',
      short: 'b',
      value: 'BRANCH',
      about: 'begin on BRANCH instead of the current one',
    },
    depth: {
      type: 'text',
      value: 'N',
      about: 'only the newest N commits of each branch; `varve fetch` gets more',
    },
    filter: {
      type: 'list',
      value: 'PATH',
      about:
        'only files of PATH: a folder, a file or a pattern; the rest stays with the remote until it is read. blob:limit=N: of files of N bytes (10k, 5m, 1g) and more, only versions that are read',
    },
    lazy: {
      type: 'flag',
      about:
        'fetch history first, and contents when they are read; files of the current branch are written now',
    },
    at: { type: 'text', value: 'REV', about: "only this branch's, tag's or commit's files, without history" },
  },
  examples: [
    ['varve clone /srv/data/prices', 'from a disk that you can reach, into ./prices'],
    ['varve clone file:///srv/data/prices current', 'the same, into ./current'],
    ['varve clone --depth 1 /srv/data/prices', 'all branches, only the newest commit of each'],
    ['varve clone --lazy --filter labels /srv/images', 'one folder of a huge dataset'],
    [
      'varve clone --filter blob:limit=10m /srv/images',
      'large files as they are now, without their older versions',
    ],
    ['varve clone --at v1.2 /srv/data/prices', 'the data of one release, for a build'],
  ],
  json: '{ root: string; url: string; branch: string | null; head: string | null }',
  run,
}

async function run({ arguments: given, out, environment, operation }: Context): Promise<number> {
  given.expectWords(1, 2, 'URL')
  given.exclusive('at', 'branch')
  const { Repository } = await import('../../api/repository.ts')
  const url = given.words[0]!
  const directory = given.words[1] ?? lastPart(url)
  const repository = await Repository.clone(url, directory, {
    ...(await openOptions(environment)),
    ...operation,
    onWarning: (message) => out.warn(visible(message)),
    bare: given.flag('bare'),
    ...optional('branch', given.text('branch')),
    ...optional('depth', given.number('depth')),
    ...optional('at', given.text('at')),
    ...filtersOf(given.list('filter')),
    lazy: given.flag('lazy') || given.list('filter').includes('blob:none'),
  })
  try {
    const current = (await repository.branches()).find((branch) => branch.current)
    const head = current?.commit ?? (await detachedHead(repository))
    const unborn = head === null && repository.root !== null ? (await repository.status()).branch : null
    const facts = { root: path.resolve(directory), url, branch: current?.name ?? unborn, head }
    out.result(facts, () => {
      out.say(`cloned ${visible(url)} into ${visible(directory)}`)
      if (head === null) out.hint("it has no commits yet: 'varve push' brings it the first ones")
    })
  } catch (error) {
    throw afterwards(error, directory)
  } finally {
    await repository.close()
  }
  return 0
}

/** The error for a clone that is made, when only looking at it afterwards has failed. */
function afterwards(thrown: unknown, directory: string): Error {
  const fault = expectedFailure(thrown)
  if (!isVarveError(fault)) return fault
  return new VarveError(fault.code, `the clone is made, but it fails: ${fault.message}`, {
    data: fault.data,
    cause: fault,
    hint: `'varve log' shows what it holds, in '${directory}'`,
  })
}

/** As in git, 'blob:limit=N' and 'blob:none' are filters; no path has a colon there. */
function filtersOf(given: readonly string[]): Pick<CloneOptions, 'filter' | 'limitBytes'> {
  const paths = given.filter((one) => !one.startsWith('blob:'))
  let limitBytes: number | undefined
  for (const one of given.filter((word) => word.startsWith('blob:') && word !== 'blob:none')) {
    const [, digits, unit] = /^blob:limit=(\d{1,15})([kmg]?)$/i.exec(one) ?? []
    if (digits === undefined)
      throw usage(
        `not a filter: '${one}'`,
        "known: a path, 'blob:limit=N' (bytes, or 10k, 5m, 1g), 'blob:none'",
      )
    const bytes = Number(digits) * 1024 ** ' kmg'.indexOf(unit!.toLowerCase() || ' ')
    limitBytes = Math.min(limitBytes ?? Number.MAX_SAFE_INTEGER, bytes)
  }
  return { ...(paths.length === 0 ? {} : { filter: paths }), ...optional('limitBytes', limitBytes) }
}

/** An object with the key and its value; an empty one when the value was not given. */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: V })
}

async function detachedHead(repository: Repository): Promise<string | null> {
  try {
    return (await repository.commitInfo('HEAD')).id
  } catch (error) {
    // A clone of a repository without commits.
    if (isVarveError(error, 'VARVE_REF_NOT_FOUND')) return null
    throw error
  }
}

function lastPart(url: string): string {
  const name = url
    .replace(/[?#].*$/, '')
    .replace(/[/\\]+$/, '')
    .split(/[/\\:]/)
    .at(-1)!
    .replace(/\.(varve|git|bundle)$/, '')
  if (name === '' || name === '.' || name === '..')
    throw usage(`cannot take a folder's name from '${url}'`, "name it: 'varve clone URL DIR'")
  return name
}
