import { counted } from '../../base/size.ts'
import { linkChanges, linkModes, webhookSignatures } from '../../dataset/interface.ts'
import { linkTemplates, templateNamed } from '../../api/links/link-templates.ts'
import { usage } from '../arguments.ts'
import { endpointOf } from '../endpoint.ts'
import { alignedRows } from '../format/columns.ts'
import { linkLines, logLines } from '../format/link-lines.ts'
import { verificationLines } from '../format/verification.ts'
import type { Command, Context } from '../interface.ts'
import { namesGiven } from '../name-list.ts'
import type { Repository } from '../../index.ts'
import type { LinkChanges, LinkMode } from '../../index.ts'
import { visible } from '../visible.ts'
import { passedOverText } from '../../connectors/passed-over.ts'
import { cursorSetting } from '../sync/cursor-options.ts'
import { declaredOptions, declaredTables, httpOptions } from '../sync/declared-options.ts'
import { linkNamed } from '../../sync/link-named.ts'

export const command: Command = {
  usage: [
    'link [list]',
    'link add NAME ENDPOINT --tables TABLE... --mode MODE [--key COLUMN...] [--path PATH] [--body JSON] [--items WHERE] [--next WHERE] [--parameter NAME] [--counts pages|items] [--more WHERE] [--token-url URL [--scope SCOPE]] [--signature SCHEME] [--into DIR] [--branch BRANCH] [--commits each] [--changes log|compare] [--cursor TABLE=COLUMN... [--lag LAG] [--full TIME]]',
    'link show NAME',
    'link test NAME',
    'link verify NAME [--tables TABLE...] [--against REV]',
    'link template [list]',
    'link template use TEMPLATE NAME ENDPOINT... --tables TABLE... [--key COLUMN...] [--into DIR] [--branch BRANCH]',
    'link remove NAME [--force]',
  ],
  description:
    "Declares live systems whose tables are kept in step with the dataset; 'varve sync' then does this.\nLinks are stored in varve.yaml and committed with it. ENDPOINT is a URL without a password:\npostgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, an SQLite file (./app.db), CSV and JSON\nLines files (./drop/, s3://BUCKET/PREFIX), an HTTP API that answers JSON (https://HOST/PATH), or an\ninbox for webhooks (inbox:///PATH/FILE). Passwords come from the environment (PGPASSWORD,\nVARVE_LINK_NAME_PASSWORD), or from a file that it names. MODE is one of\n\n  capture      the endpoint's changes come into the branch\n  materialize  the branch's changes go to the endpoint; what others change there stays\n  mirror       the endpoint is made equal to the branch\n  two-way      each side gets the other's changes; conflicts wait, row by row\n\nAn endpoint that is only written to (webhook+https://, redis://, nats://, amqp://, mqtt://,\nkafka://) names tables by their paths in the dataset, and its mode is materialize.\n\n'verify' reads the endpoint at one moment and compares it with the branch by checksums of key\nranges. If they differ, it lists ranges and rows, and the exit code is 1.",
  options: {
    tables: {
      type: 'list',
      value: 'TABLE',
      about:
        "a table of the endpoint; several times, or A,B,C; '*' and 'sales.*' are those that are there now",
    },
    ...declaredOptions,
    signature: {
      type: 'text',
      value: 'SCHEME',
      choices: webhookSignatures,
      about:
        "how webhooks for 'varve sync --listen' are signed (default: standard, as Standard Webhooks says)",
    },
    mode: { type: 'text', value: 'MODE', choices: linkModes, about: 'the direction of changes' },
    into: {
      type: 'text',
      value: 'DIR',
      about: "folder of the dataset for the tables (default: the link's name)",
    },
    against: {
      type: 'text',
      value: 'REV',
      about: "with verify: another commit than the branch's, such as refs/links/NAME/live",
    },
    branch: { type: 'text', value: 'BRANCH', about: 'branch to keep in step (default: the current one)' },
    commits: {
      type: 'text',
      value: 'each',
      choices: ['each'],
      about:
        "make a commit of each transaction in the endpoint's log; in modes materialize and mirror, make a transaction of each commit (default: one for each round)",
    },
    changes: {
      type: 'text',
      value: 'HOW',
      choices: linkChanges,
      about:
        "how the endpoint's changes are found: 'log' (for SQLite files: triggers) or 'compare' (default: compare, and log once --follow has run, except for SQLite)",
    },
    cursor: {
      type: 'list',
      value: 'TABLE=COLUMN',
      about:
        'read only rows of TABLE whose COLUMN is larger than before, or empty; does not see deletes (mode capture)',
    },
    lag: {
      type: 'text',
      value: 'LAG',
      about:
        'with --cursor: how far below the largest value new rows may appear (default: 5m; for numbers: a number)',
    },
    full: {
      type: 'text',
      value: 'TIME',
      about: 'with --cursor: read and compare all rows this often, such as 24h (default: never)',
    },
    force: {
      type: 'flag',
      about: 'with remove: even if the endpoint cannot be reached; what it keeps for the link stays there',
    },
  },
  examples: [
    [
      'varve link add shop postgres://ada@db.example.org/shop --tables people,orders --mode two-way',
      'declare a link',
    ],
    ['varve link add drop ./drop/ --tables orders --mode capture', 'take in the files of a folder'],
    [
      'varve link add crm https://api.example.org/v1 --tables people --mode capture --items data --next paging.next --parameter after',
      'read an HTTP API, page by page',
    ],
    [
      'varve link add pay inbox:///srv/varve/pay.inbox --tables invoices --mode capture --items data.object --signature stripe',
      'take in rows from the webhooks of Stripe',
    ],
    [
      'varve link add hook webhook+https://example.org/varve --tables people --mode materialize',
      'send every changed row to a webhook',
    ],
    [
      'varve link template use databases-in-step shop postgres:///a postgres:///b --tables people',
      'keep two databases in step',
    ],
    ['varve link test shop', 'test the connection, and list its tables'],
    ['varve link verify shop', 'prove that the endpoint holds what the branch holds'],
    ['varve sync shop --dry-run', 'then see what a round would do'],
  ],
  json: '{ items: Link[] }; add and show: Link = { name: string; endpoint: string; mode: string; tables: string[]; into: string; branch: string | null; commits?: "each"; changes?: "log" | "compare"; signature?: "standard" | "github" | "stripe" | "shopify"; cursor?: { table: string; column: string; lag?: { ms: number } | { units: number }; fullMs?: number; deletes?: ValueRule[] }[]; files?: { table: string; key?: string[]; columns?: { name: string; type: string }[] }[]; http?: { table: string; key?: string[]; columns?: { name: string; type: string }[]; path?: string; items?: string; next?: string; parameter?: string; counts?: "pages" | "items"; more?: string; since?: string; headers?: { [name: string]: string }; body?: object; deletes?: ValueRule[] }[]; auth?: { tokenUrl: string; scope?: string; audience?: string; client?: "basic" | "body"; subject?: string; assertionAudience?: string; keyId?: string }; inbox?: { table: string; items?: string; key?: string[]; columns?: { name: string; type: string }[]; when?: ValueRule[]; deletes?: ValueRule[]; patches?: ValueRule[] }[], ValueRule = { path: string; values: string[] }; transform?: { table: string; where: string | null; select: string[] | null; omit: string[]; columns: { column: string; compute: string | null; mask: object | null; cast: string | null; rename: string | null }[] }[] }; test: { location: string; identity: string; isOnlyWritten?: true; keepsRecord?: true; log: { obstacle: string | null; kept: { name: string; isActive: boolean; keptBytes: number | null; trouble: string | null } | null }; tables: { name: string; trouble?: string; key: string[]; columns: { name: string; type: string; nativeType: string }[] }[]; passedOver?: { reason: string; count: number; first: string }[] }; remove: { removed: string }; verify: { link: string; commit: string; matches: boolean; tables: { table: string; path: string; matches: boolean; unread?: string; endpoint: TableState | null; commit: TableState | null; counts: { missing: number; extra: number; changed: number }; tooLarge: number; respelled: number; columnsOnlyThere: string[]; columnsOnlyHere: string[]; ranges: { from: string; to: string; rows: number; differing: number }[]; rows: { key: string; kind: string; columns: string[]; heldBack: string | null }[]; isCut: boolean }[] }, TableState = { rows: number; checksum: string }; template: { items: { name: string; about: string; endpoints: string[] }[] }, template use: { items: Link[] }',
  run,
}

const places = ['tables', 'key', 'into', 'branch']
const optionsOf: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    list: [],
    add: [...places, ...httpOptions, 'signature', 'mode', 'commits', 'changes', 'cursor', 'lag', 'full'],
    show: [],
    test: [],
    verify: ['tables', 'against'],
    template: places,
    remove: ['force'],
    rm: ['force'],
  }),
)

async function run(context: Context): Promise<number> {
  const { arguments: given, out, operation, repository } = context
  const [action = 'list', name = '', endpoint = ''] = given.words
  const options = optionsOf.get(action)
  if (options === undefined) throw usage(`'${action}' is not one of ${[...optionsOf.keys()].join(', ')}`)
  given.only(`link ${action}`, options)
  if (action === 'template') return template(context)
  const repo = await repository()
  if (action === 'add') {
    given.expectWords(3, 3, 'NAME and ENDPOINT')
    return add(context, repo, name, endpoint)
  }
  if (action === 'list') {
    given.expectWords(0, 1, '')
    const links = await repo.links()
    out.result({ items: links }, () => {
      const lines = links.map((link) => [link.name, link.mode, link.endpoint, link.tables.join(', ')])
      for (const line of alignedRows(lines.map((cells) => cells.map(visible)))) out.line(line)
    })
    return 0
  }
  given.expectWords(2, 2, 'NAME')
  if (action === 'show') {
    const link = linkNamed(await repo.links(), name)
    out.result(link, () => {
      for (const line of alignedRows(
        Object.entries(linkLines(link)).map(([key, value]) => [key, visible(String(value))]),
      ))
        out.line(line)
    })
  } else if (action === 'test') {
    const tested = await repo.testLink(name, operation)
    out.result(tested, () => {
      out.say(`${visible(tested.location)} answers`)
      const lines = tested.tables.map((table) => [
        table.name,
        table.trouble !== undefined
          ? table.trouble
          : table.key.length === 0
            ? 'no key'
            : `key ${table.key.join(', ')}`,
        counted(table.columns.length, 'column'),
      ])
      for (const line of alignedRows(lines.map((cells) => cells.map(visible)))) out.line(line)
      const { passedOver = [] } = tested
      if (passedOver.length > 0) out.line(visible(`not read: ${passedOverText(passedOver)}`))
      for (const line of logLines(tested)) out.line(visible(line))
    })
  } else if (action === 'verify') return verify(context, repo, name)
  else {
    await repo.removeLink(name, { ...operation, force: given.flag('force') })
    out.result({ removed: name }, () => out.say(`removed link ${visible(name)}`))
  }
  return 0
}

async function template({ arguments: given, out, repository }: Context): Promise<number> {
  const [, action = 'list', name = '', link = '', ...endpoints] = given.words
  if (action === 'list') {
    given.expectWords(1, 2, '')
    out.result({ items: linkTemplates }, () => {
      const lines = linkTemplates.map((one) => [one.name, one.endpoints.join(' '), one.about])
      for (const line of alignedRows(lines)) out.line(line)
    })
    return 0
  }
  if (action !== 'use') throw usage(`'${action}' is not one of list, use`)
  // What its endpoints are called is what is missing.
  const missing = name === '' ? 'TEMPLATE, NAME and ENDPOINT' : templateNamed(name).endpoints.join(' and ')
  given.expectWords(5, 9, link === '' && name !== '' ? `NAME and ${missing}` : missing)
  const tables = namesGiven(given, 'tables')
  if (tables.length === 0)
    throw usage("say which tables: '--tables people,orders', or '--tables \"*\"' for all")
  const [into, branch] = [given.text('into'), given.text('branch')]
  const use = {
    endpoints: endpoints.map(endpointOf),
    tables,
    ...(into === undefined ? {} : { into }),
    ...(branch === undefined ? {} : { branch }),
  }
  const { files } = declaredTables(given, tables, 'folder:')
  const repo = await repository()
  const links = await repo.useLinkTemplate(name, link, { ...use, ...(files === undefined ? {} : { files }) })
  out.result({ items: links }, () => {
    for (const one of links) out.say(`added link ${visible(one.name)}: ${one.mode} ${visible(one.endpoint)}`)
    out.hint("see what would be done: 'varve sync --dry-run'")
  })
  return 0
}

async function verify(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  name: string,
): Promise<number> {
  const tables = namesGiven(given, 'tables')
  const against = given.text('against')
  const verified = await repo.verifyLink(name, {
    ...operation,
    ...(tables.length === 0 ? {} : { tables }),
    ...(against === undefined ? {} : { against }),
  })
  out.result(verified, () => {
    for (const line of verificationLines(verified)) out.line(line)
  })
  return verified.matches ? 0 : 1
}

/** Of the tables of a link that was added. */
const tablesShown = 20

async function add(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  name: string,
  endpoint: string,
): Promise<number> {
  const mode = given.text('mode')
  if (mode === undefined) throw usage(`say which way the changes go: '--mode ${linkModes.join('|')}'`)
  if (!(linkModes as readonly string[]).includes(mode))
    throw usage(`'--mode' must be one of ${linkModes.join(', ')}`)
  const tables = namesGiven(given, 'tables')
  if (tables.length === 0)
    throw usage("say which tables: '--tables people,orders', or '--tables \"*\"' for all")
  const [into, branch, commits] = [given.text('into'), given.text('branch'), given.text('commits')]
  const changes = given.text('changes')
  if (commits !== undefined && commits !== 'each') throw usage("'--commits' can only be 'each'")
  if (changes !== undefined && !(linkChanges as readonly string[]).includes(changes))
    throw usage(`'--changes' must be one of ${linkChanges.join(', ')}`)
  const signature = webhookSignatures.find((one) => one === given.text('signature'))
  if (given.has('signature') && signature === undefined)
    throw usage(`'--signature' must be one of ${webhookSignatures.join(', ')}`)
  const setting = {
    endpoint: endpointOf(endpoint),
    mode: mode as LinkMode,
    tables,
    ...(into === undefined ? {} : { into: into === '.' ? '' : into }),
    ...(branch === undefined ? {} : { branch }),
    ...(commits === undefined ? {} : { commits: 'each' as const }),
    ...(changes === undefined ? {} : { changes: changes as LinkChanges }),
    ...(signature === undefined ? {} : { signature }),
    ...cursorSetting(given, { mode, tables, changes }),
    ...declaredTables(given, tables, endpointOf(endpoint)),
  }
  const link = await repo.addLink(name, setting, operation)
  out.result(link, () => {
    const { tables } = link
    const more = tables.length - tablesShown
    const which = more > 1 ? [...tables.slice(0, tablesShown), `${more} more`] : tables
    out.say(`linked ${visible(which.join(', '))} of ${visible(link.endpoint)} as ${visible(link.name)}`)
    out.hint(`see what a first round would do: varve sync ${link.name} --dry-run`)
  })
  return 0
}
