// What the options of `varve link add` say of tables that do not say it themselves: which columns are the key of files and
// of JSON items, and where in webhooks and the answers of an HTTP API the items and the next page are.
import { httpCounts } from '../../dataset/interface.ts'
import type { LinkSetting } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import { namesGiven } from '../name-list.ts'

export const declaredOptions: OptionSpecs = {
  key: {
    type: 'list',
    value: 'COLUMN',
    about:
      "files, HTTP API, inbox: the key of the tables (default: for files the fewest first columns that are unique, for JSON 'id')",
  },
  path: {
    type: 'text',
    value: 'PATH',
    about: "HTTP API: the table's path under ENDPOINT, such as 'people?limit=100' (default: its name)",
  },
  body: {
    type: 'text',
    value: 'JSON',
    about: 'HTTP API: ask by POST, with this body (default: by GET)',
  },
  items: {
    type: 'text',
    value: 'WHERE',
    about:
      "HTTP API, inbox: where in a response or a webhook the rows are, such as 'data.items' (default: it is the list of rows)",
  },
  next: {
    type: 'text',
    value: 'WHERE',
    about: 'HTTP API: where in a response the next page is named (default: in the header Link)',
  },
  parameter: {
    type: 'text',
    value: 'NAME',
    about:
      'HTTP API: the parameter, or with --body the place in it, for the value that --next finds, or, without --next, for what --counts says',
  },
  counts: {
    type: 'text',
    value: 'WHAT',
    choices: httpCounts,
    about:
      'HTTP API: what --parameter counts without --next: pages from 1 (default), or the items that came before, from 0',
  },
  more: {
    type: 'text',
    value: 'WHERE',
    about: 'HTTP API: where in a response is said whether there are more pages, true or false',
  },
  'token-url': {
    type: 'text',
    value: 'URL',
    about:
      'HTTP API: where access tokens of OAuth 2 are had, for the client id and secret in the environment (VARVE_LINK_NAME_CLIENT_ID, …_CLIENT_SECRET, …_REFRESH_TOKEN), or for a key (…_SIGNING_KEY_FILE)',
  },
  scope: {
    type: 'text',
    value: 'SCOPE',
    about: 'with --token-url: the rights to ask for (default: what the server gives)',
  },
}

/** Options for tables of HTTP APIs; `items` for an inbox too. */
const tableOptions = ['path', 'body', 'items', 'next', 'parameter', 'counts', 'more'] as const
export const httpOptions: readonly string[] = [...tableOptions, 'token-url', 'scope']

export function declaredTables(
  given: Arguments,
  tables: readonly string[],
  endpoint: string,
): Pick<LinkSetting, 'files' | 'http' | 'inbox' | 'auth'> {
  const columns = namesGiven(given, 'key')
  const key = columns.length === 0 ? {} : { key: columns }
  if (/^https?:/.test(endpoint)) {
    const said = tableOptions.flatMap((name) => {
      if (!given.has(name)) return []
      const text = given.text(name)!
      return [[name, name === 'body' ? bodyGiven(text) : text]]
    })
    if (given.has('path') && tables.length > 1)
      throw usage("'--path' is one table's: say it in varve.yaml, under the link's 'http'")
    const http = tables.map((table) => ({ table, ...key, ...Object.fromEntries(said) }))
    return { ...(said.length + columns.length === 0 ? {} : { http }), ...authGiven(given) }
  }
  const isInbox = endpoint.startsWith('inbox:')
  const alone = httpOptions.find((name) => given.has(name) && !(isInbox && name === 'items'))
  if (alone !== undefined) throw usage(`'--${alone}' is only for an HTTP API: https://HOST/PATH`)
  const items = given.text('items')
  if (columns.length === 0 && items === undefined) return {}
  if (/^(postgres(ql)?|mysql|mariadb|sqlite):/.test(endpoint))
    throw usage("'--key' is only for tables in files or in JSON: a database knows its keys")
  const declared = tables.map((table) => ({ table, ...key, ...(items === undefined ? {} : { items }) }))
  return isInbox ? { inbox: declared } : { files: declared }
}

function bodyGiven(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usage("'--body' is not JSON")
  }
}

function authGiven(given: Arguments): Pick<LinkSetting, 'auth'> {
  const [tokenUrl, scope] = [given.text('token-url'), given.text('scope')]
  if (tokenUrl !== undefined) return { auth: { tokenUrl, ...(scope === undefined ? {} : { scope }) } }
  if (scope !== undefined) throw usage("'--scope' is only for '--token-url'")
  return {}
}
