// Tables with one column of each common type, as a value beside a number, or as the key.
import { type CommonType, type System, preparation } from './common-types.ts'
import type { SqlDatabase } from './sql-systems.ts'

export interface TypedTable {
  readonly name: string
  readonly type: CommonType
  readonly place: 'key' | 'value'
}

export interface TypedRow {
  /** In one spelling for all databases. */
  readonly key: string
  readonly value: string
  readonly n: number
  /** The key and the value as the database itself shows them. */
  readonly raw: string
}

/** The tables that all of these databases can have. */
export function typedTables(
  types: readonly CommonType[],
  databases: readonly TypedDatabase[],
): readonly TypedTable[] {
  return types
    .filter(({ columns }) => databases.every(({ system }) => columns[system] !== undefined))
    .flatMap((type) => {
      const name = type.name.replaceAll(/\W/g, '_')
      const value: TypedTable = { name: `value_${name}`, type, place: 'value' }
      return type.isNoKey ? [value] : [value, { name: `key_${name}`, type, place: 'key' }]
    })
}

export class TypedDatabase {
  readonly system: System
  readonly url: string
  readonly #database: SqlDatabase
  readonly #side: 'first' | 'last'

  private constructor(database: SqlDatabase, system: System, side: 'first' | 'last') {
    this.#database = database
    this.url = database.url
    this.system = system
    this.#side = side
  }

  /** `side`: which of the names of a type it takes. */
  static async create(database: SqlDatabase, system: System, side: 'first' | 'last'): Promise<TypedDatabase> {
    await database.run(...preparation[system])
    return new TypedDatabase(database, system, side)
  }

  /** Makes the tables, and inserts some of the values. */
  async fill(
    tables: readonly TypedTable[],
    which: 'even rows' | 'odd rows' | 'all rows' | 'no rows',
  ): Promise<void> {
    for (const { name, type, place } of tables) {
      const column = this.#columnOf(type)
      await this.#database.run(
        place === 'value'
          ? `CREATE TABLE ${name} (id int PRIMARY KEY, v ${column}, n int)`
          : `CREATE TABLE ${name} (v ${column} NOT NULL PRIMARY KEY, n int)`,
      )
      for (const [i, value] of (type.own?.[this.system] ?? type.values).entries()) {
        if (which === 'no rows' || (which !== 'all rows' && i % 2 !== Number(which === 'odd rows'))) continue
        const id = place === 'value' ? `${i + 1}, ` : ''
        await this.#database.run(`INSERT INTO ${name} VALUES (${id}${value}, 0)`).catch((error: unknown) => {
          // Two of the values are one to this database.
          if (place === 'value' || !/duplicate|unique/i.test(String(error))) throw error
        })
      }
    }
  }

  async addToAll(tables: readonly TypedTable[], n: number): Promise<void> {
    await this.#database.run(...tables.map(({ name }) => `UPDATE ${name} SET n = n + ${n}`))
  }

  /** Removes a row that the other has too, of each table that keeps others. */
  async removeOne(
    tables: readonly TypedTable[],
    other: TypedDatabase,
  ): Promise<{ readonly table: TypedTable; readonly key: string }[]> {
    const gone: { readonly table: TypedTable; readonly key: string }[] = []
    for (const table of tables) {
      const there = new Map((await other.rows(table)).map((row) => [row.key, row]))
      const common = (await this.rows(table)).filter(({ key, n }) => there.get(key)?.n === n)
      if (common.length < 3) continue
      const { key, literal } = common[0]!
      const column = table.place === 'value' ? 'id' : 'v'
      await this.#database.run(`DELETE FROM ${table.name} WHERE ${column} = ${literal}`)
      gone.push({ table, key })
    }
    return gone
  }

  async rows({ name, type, place }: TypedTable): Promise<(TypedRow & { readonly literal: string })[]> {
    const column = this.#columnOf(type)
    const key = place === 'value' ? 'id' : 'v'
    const rows = await this.#database.rows(
      `SELECT ${this.#text(key, place === 'value' ? 'int' : column)} AS id, ${this.#text('v', column)} AS value, ${this.#raw('v', column)} AS raw, n FROM ${name}`,
    )
    return rows.map(([id, value, raw, n]) => {
      const isBytes = /^(bytea|binary|varbinary|blob)/.test(column)
      const quoted = `'${id!.replaceAll("'", "''")}'`
      const bytes = this.system === 'PostgreSQL' ? `'\\x${id}'` : `x'${id}'`
      return {
        key: normal(id!, place === 'value' ? null : type),
        value: normal(value!, type),
        n: Number(n),
        raw: `${place === 'value' ? `${id}: ` : ''}${raw}`,
        // MySQL takes a text for bits of its own.
        literal:
          place === 'value' || (column.startsWith('bit') && this.#isMysql) ? id! : isBytes ? bytes : quoted,
      }
    })
  }

  /** The key of a row that waits, as people read it. */
  keyOf({ type, place }: TypedTable, shown: string): string {
    if (place === 'key' && type.form === 'bytes') return Buffer.from(shown).toString('hex')
    return normal(shown, place === 'value' ? null : type)
  }

  get #isMysql(): boolean {
    return this.system === 'MariaDB' || this.system === 'MySQL'
  }

  #columnOf({ columns }: CommonType): string {
    return (this.#side === 'first' ? columns[this.system]![0] : columns[this.system]!.at(-1))!
  }

  /** For people. */
  #text(name: string, column: string): string {
    if (/^(bytea)/.test(column)) return `encode(${name}, 'hex')`
    const isBytes = /^(binary|varbinary|blob|point)/.test(column)
    if (isBytes && this.#isMysql) return `lower(hex(${name}))`
    if (isBytes && this.system === 'SQLite')
      return `CASE typeof(${name}) WHEN 'blob' THEN lower(hex(${name})) ELSE ${name} END`
    if (column.startsWith('bit') && this.#isMysql) return `CAST(${name} + 0 AS CHAR)`
    if (column.startsWith('float')) return `CAST(${name} + 0e0 AS CHAR)`
    if (this.system === 'PostgreSQL') return `${name}::text`
    return `CAST(${name} AS ${this.#isMysql ? 'CHAR' : 'TEXT'})`
  }

  /** Byte by byte. */
  #raw(name: string, column: string): string {
    if (this.system === 'SQLite') return `typeof(${name}) || ' ' || quote(${name})`
    if (this.system === 'PostgreSQL') return `${name}::text`
    return column.startsWith('point')
      ? `hex(${name})`
      : `concat(hex(CAST(${name} AS BINARY)), ' ', ${this.#text(name, column)})`
  }
}

/** A value in one spelling, whatever database shows it. */
function normal(text: string, type: CommonType | null): string {
  const form = type?.form ?? 'number'
  switch (form) {
    case 'number':
      return /^[+-]?\d*\.?\d*(e[+-]?\d+)?$/i.test(text) ? decimal(text) : text
    case 'float':
      return String(Number(text.replace(/inf$/i, 'Infinity')))
    case 'float32':
      return String(Math.fround(Number(text)))
    case 'boolean':
      return text === 'true' || text === '1' ? '1' : '0'
    case 'time':
      return text
        .replace('T', ' ')
        .replace(/(Z|\+00)$/, '')
        .replace(/\.0+$|(\.\d*[1-9])0+$/, '$1')
        .replace(/^(\d{4}-\d\d-\d\d)$/, '$1 00:00:00')
    case 'blanks':
      return text.replace(/ +$/, '')
    case 'letters':
      return text.toLowerCase()
    case 'json':
      return JSON.stringify(sorted(JSON.parse(text)))
    case 'numbers':
      return text.replaceAll(/\d+\.\d+/g, decimal)
    case 'host':
      return text.replace(/\/(32|128)$/, '')
    case 'mac':
      return text.replace(':ff:fe:', ':')
    case 'money':
      return decimal(text.replaceAll(/[$,]/g, ''))
    case 'text':
    case 'bytes':
      return text
  }
}

/** All digits of a decimal number, without zeros that mean nothing. */
function decimal(text: string): string {
  const [, sign, whole = '', fraction = '', power = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(
    text,
  )!
  const point = whole.length + Number(power)
  const digits = (whole + fraction).padEnd(point, '0')
  const all = point < 1 ? '0'.repeat(1 - point) + digits : digits
  const at = Math.max(point, 1)
  const number = `${all.slice(0, at)}.${all.slice(at)}`.replace(/^0+(?=\d)/, '').replace(/\.?0*$/, '')
  return number === '0' ? number : `${sign === '-' ? '-' : ''}${number}`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([name, one]) => [name, sorted(one)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
