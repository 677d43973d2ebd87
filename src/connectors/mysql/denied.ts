// Statements that the server denies to the user, each kind with why and what to grant: what needs the same right is then
// held back without being asked for again.
import type { HeldBackRow, RowChange } from '../interface.ts'
import { type MysqlTable, rightsOf } from './discover.ts'
import { numberOf } from './failure.ts'
import type { Session } from './session.ts'
import { grantee, quoteName } from './sql.ts'
import { assignedColumns } from './statements.ts'

const columnDenied = 1143
const denials: ReadonlySet<number> = new Set([1142, columnDenied])

type Denial = Pick<HeldBackRow, 'message' | 'rights'>

export function isDenial(error: unknown): boolean {
  return denials.has(numberOf(error))
}

export class DeniedStatements {
  readonly #session: Session
  readonly #denials = new Map<string, Denial>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Why no statement like the one for this change is tried; null: it is. */
  find(table: MysqlTable, change: RowChange): Denial | null {
    return this.#denials.size === 0 ? null : (this.#denials.get(nameOf(table, change)) ?? null)
  }

  async add(table: MysqlTable, change: RowChange, error: Error): Promise<void> {
    const { message } = error
    const right = /^(INSERT|UPDATE|DELETE|SELECT)\b/.exec(message)?.[1]
    // The server names the table: a trigger may have been denied something about another one.
    const isOwn = [quoteName(table.name), `'${table.name}'`].some((name) => message.includes(name))
    const grant =
      right !== undefined && isOwn
        ? `: ${await this.#grant(table, columnsOf(change, error, table), right)}`
        : ''
    const rights = await rightsOf(this.#session)
    this.#denials.set(nameOf(table, change), { message: `${message}${grant}`, rights })
  }

  async #grant(table: MysqlTable, names: readonly string[], right: string): Promise<string> {
    const [[user]] = (await this.#session.texts('SELECT CURRENT_USER()')) as [[string]]
    const columns = names.length === 0 ? '' : ` (${names.map(quoteName).join(', ')})`
    return `GRANT ${right}${columns} ON ${quoteName(table.database)}.${quoteName(table.name)} TO ${grantee(user)}`
  }
}

/** The columns that a grant has to name: the user has the right to some. */
function columnsOf(change: RowChange, error: Error, table: MysqlTable): string[] {
  return change.kind === 'update' && numberOf(error) === columnDenied ? assignedColumns(table, change) : []
}

function nameOf(table: MysqlTable, change: RowChange): string {
  const columns = change.kind === 'update' ? assignedColumns(table, change) : []
  return JSON.stringify([table.name, change.kind, columns])
}
