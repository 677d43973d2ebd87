// The usual jobs of links, ready to use: which links they take, and of which mode. Each is run by a test.
import { counted } from '../../base/size.ts'
import { VarveError } from '../../base/errors.ts'
import { didYouMean, nearest } from '../../base/nearest.ts'
import type { DeclaredTable, LinkSetting } from './link-interface.ts'

export interface LinkTemplate {
  readonly name: string
  readonly about: string
  /** What its endpoints are, in the order in which they are given. */
  readonly endpoints: readonly string[]
}

export interface TemplateUse {
  readonly endpoints: readonly string[]
  readonly tables: readonly string[]
  /** Folder of the dataset; default: the name. */
  readonly into?: string
  readonly branch?: string
  /** What files do not say of their tables. */
  readonly files?: readonly DeclaredTable[]
}

type Setting = Pick<LinkSetting, 'mode'> & Partial<LinkSetting>

interface Made extends LinkTemplate {
  /** A link an endpoint: what is added to the name, and how it is set. */
  readonly links: readonly { readonly suffix: string; readonly setting: Setting; readonly isOfFiles?: true }[]
}

const made: readonly Made[] = [
  {
    name: 'database-to-dataset',
    about: 'versions of what a database holds; nothing is written there',
    endpoints: ['DATABASE'],
    links: [{ suffix: '', setting: { mode: 'capture' } }],
  },
  {
    name: 'dataset-to-database',
    about: 'a database gets what is committed; rows that others change there stay',
    endpoints: ['DATABASE'],
    links: [{ suffix: '', setting: { mode: 'materialize' } }],
  },
  {
    name: 'databases-in-step',
    about: 'two databases exchange their changes through one branch; clashes wait, row by row',
    endpoints: ['DATABASE', 'DATABASE'],
    links: [
      { suffix: '-a', setting: { mode: 'two-way' } },
      { suffix: '-b', setting: { mode: 'two-way' } },
    ],
  },
  {
    name: 'file-drop-to-database',
    about:
      'rows of files that are dropped into a folder come into the dataset, and from there into a database',
    endpoints: ['FOLDER', 'DATABASE'],
    links: [
      { suffix: '-files', setting: { mode: 'capture' }, isOfFiles: true },
      { suffix: '-database', setting: { mode: 'materialize' } },
    ],
  },
  {
    name: 'commit-to-webhook',
    about: 'the rows of each commit are sent to a webhook',
    endpoints: ['WEBHOOK'],
    links: [{ suffix: '', setting: { mode: 'materialize', commits: 'each' } }],
  },
]

export const linkTemplates: readonly LinkTemplate[] = made.map(({ name, about, endpoints }) => ({
  name,
  about,
  endpoints,
}))

/** @throws VarveError VARVE_USAGE */
export function templateNamed(name: string): Made {
  const found = made.find((one) => one.name === name)
  if (found !== undefined) return found
  const names = made.map((one) => one.name)
  throw new VarveError('VARVE_USAGE', `no template '${name}'`, {
    data: { template: name },
    hint: didYouMean(nearest(name, names), `there are: ${names.join(', ')}`),
  })
}

/** The links that a template stands for, to be added. @throws VarveError VARVE_USAGE */
export function linksOfTemplate(
  template: string,
  name: string,
  { endpoints, tables, into = name, branch, files }: TemplateUse,
): { readonly name: string; readonly setting: Setting & Pick<LinkSetting, 'endpoint' | 'tables'> }[] {
  const found = templateNamed(template)
  if (endpoints.length !== found.endpoints.length) {
    throw new VarveError(
      'VARVE_USAGE',
      `'${template}' takes ${counted(found.endpoints.length, 'endpoint')} and not ${endpoints.length}`,
      { hint: `after the name: ${found.endpoints.join(' ')}` },
    )
  }
  return found.links.map(({ suffix, setting, isOfFiles }, i) => ({
    name: name + suffix,
    setting: {
      ...setting,
      endpoint: endpoints[i]!,
      tables,
      into,
      ...(branch === undefined ? {} : { branch }),
      ...(files === undefined || isOfFiles !== true ? {} : { files }),
    },
  }))
}
