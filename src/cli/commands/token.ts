import { VarveError } from '../../base/errors.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import type { Command, Context } from '../interface.ts'
import { stateDirOf } from '../server-state.ts'
import { visible } from '../visible.ts'

const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

export const command: Command = {
  usage: [
    'token create --name NAME --scope read|write|admin [--repo PATTERN] [--branch PATTERN] [--expires 30d]',
    'token [list]',
    'token revoke NAME',
  ],
  description:
    "Makes, lists and revokes tokens for the repositories that 'varve serve' serves from this machine. A\ntoken is shown once, when it is made; only its digest is stored. A running server sees changes at\nonce.",
  options: {
    name: { type: 'text', value: 'NAME', about: 'a name for the token, shown in the logs' },
    scope: {
      type: 'text',
      value: 'SCOPE',
      choices: ['read', 'write', 'admin'],
      about: 'read, write (also push), or admin (also make repositories and protect branches)',
    },
    repo: { type: 'text', value: 'PATTERN', about: "repositories, '*' for any characters (default: all)" },
    branch: { type: 'text', value: 'PATTERN', about: 'branches that the token may move (default: all)' },
    check: {
      type: 'text',
      value: 'PATTERN',
      about: "checks that the token may report (default: all; 'none')",
    },
    expires: {
      type: 'text',
      value: 'TIME',
      about: 'how long the token is valid: 12h, 30d, 8w, 1y (default: for ever)',
    },
    state: { type: 'text', value: 'FOLDER', about: "the server's folder (default ~/.local/state/varve)" },
  },
  examples: [
    [
      'varve token create --name ci --scope write --repo prices --branch "import/*" --expires 30d',
      'for a program',
    ],
    ['varve token revoke ci', 'make it invalid'],
  ],
  json: 'create: { token: string; info: Info }; list: { items: Info[] }; revoke: Info; Info = { id: string; name: string; scope: string; repositories: string; branches: string; checks: string; createdMs: number; expiresMs: number | null; revokedMs: number | null }',
  run,
}

function noOption(name: string, hint: string): VarveError {
  return new VarveError('VARVE_USAGE', `missing option '--${name}'`, { hint })
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out } = context
  const [action = 'list', name] = given.words
  const { Tokens } = await import('../../server/access/tokens.ts')
  const tokens = new Tokens(stateDirOf(context))
  const nowMs = Date.now()
  if (action === 'create') {
    given.expectWords(1, 1, '')
    const [whose, scope] = [given.text('name'), given.text('scope')]
    if (whose === undefined) throw noOption('name', "say whose it is: '--name ci'")
    if (scope === undefined) throw noOption('scope', 'say what it may do: --scope read, write or admin')
    const made = await tokens.create(
      {
        name: whose,
        scope,
        repositories: given.text('repo'),
        branches: given.text('branch'),
        checks: given.text('check'),
        expiresMs: expiryOf(given.text('expires'), nowMs),
      },
      nowMs,
    )
    out.result(made, () => {
      out.line(made.token)
      out.hint('this is shown once; programs give it as VARVE_TOKEN')
    })
  } else if (action === 'list') {
    given.expectWords(0, 1, '')
    const items = tokens.list()
    out.result({ items }, () => {
      const rows = items.map((token) => [
        token.id,
        visible(token.name),
        token.scope,
        `repo ${visible(token.repositories)}`,
        `branch ${visible(token.branches)}`,
        stateOf(token, nowMs),
      ])
      for (const line of alignedRows(rows)) out.line(line)
    })
  } else if (action === 'revoke') {
    given.expectWords(2, 2, 'NAME')
    const revoked = await tokens.revoke(name!, nowMs)
    out.result(revoked, () => out.say(`revoked token ${visible(revoked.name)} (${revoked.id})`))
  } else throw usage(`'${action}' is not one of create, list, revoke`)
  return 0
}

function stateOf(token: { expiresMs: number | null; revokedMs: number | null }, nowMs: number): string {
  if (token.revokedMs !== null) return 'revoked'
  if (token.expiresMs === null) return 'good for ever'
  const date = new Date(token.expiresMs).toISOString().slice(0, 10)
  return token.expiresMs <= nowMs ? `expired on ${date}` : `good until ${date}`
}

function expiryOf(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null
  const [, count, unit] = /^(\d{1,4})([hdwy])$/.exec(text) ?? []
  if (count === undefined || Number(count) === 0)
    throw usage(`'${text}' is not a time: write 12h, 30d, 8w or 1y`)
  return nowMs + Number(count) * units[unit!]!
}
