// A connector as the dataset is to see it: the same system, with each table's transform between its rows and whoever
// reads them. Nothing behind it knows of transforms, and nothing before it has seen a value that a mask hides.
import { utf8 } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { ChangeLog, LogPart, LogReader } from '../../connectors/change-log.ts'
import type {
  Connector,
  EndpointSnapshot,
  EndpointTable,
  KnownTable,
  PassedOver,
} from '../../connectors/interface.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Cell } from '../../table/interface.ts'
import type { Link } from '../interface.ts'
import { transformedChanges } from './changes.ts'
import { RowExpressions } from './expressions.ts'
import { secretVariable } from './mask.ts'
import { TransformedTable } from './table-transform.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The connector with the link's transforms; the same connector when there are none. */
export function transformed(connector: Connector, link: Link, environment: Environment = {}): Connector {
  const { transform = [] } = link
  return transform.length === 0 ? connector : new TransformedConnector(connector, transform, environment)
}

class TransformedConnector implements Connector {
  readonly location: string
  readonly log?: ChangeLog
  readonly changed?: (signal: AbortSignal) => Promise<void>
  readonly #connector: Connector
  readonly #transforms: readonly TableTransform[]
  readonly #secret: string | undefined
  /** Transforms by the table as the dataset sees it; a follower's rounds each find these anew. */
  readonly #tables = new WeakMap<EndpointTable, TransformedTable>()
  /** By what they are made of. */
  readonly #expressions = new Map<string, Promise<RowExpressions>>()

  constructor(connector: Connector, transforms: readonly TableTransform[], environment: Environment) {
    this.#connector = connector
    this.#transforms = transforms
    this.#secret = environment[secretVariable]
    this.location = connector.location
    if (connector.changed !== undefined) this.changed = (signal) => connector.changed!(signal)
    if (connector.log !== undefined) this.log = this.#transformedLog(connector.log)
  }

  get passedOver(): readonly PassedOver[] {
    return this.#connector.passedOver ?? []
  }

  identity: Connector['identity'] = () => this.#connector.identity()
  checkpoint: Connector['checkpoint'] = (...given) => this.#connector.checkpoint(...given)
  takeOver: Connector['takeOver'] = (...given) => this.#connector.takeOver(...given)

  async discover(
    names?: readonly string[],
    known: readonly KnownTable[] = [],
  ): Promise<readonly EndpointTable[]> {
    const found: EndpointTable[] = []
    const asKnown = known.map((table) => this.#untransformed(table))
    for (const source of await this.#connector.discover(names, asKnown)) {
      const transform = this.#transforms.find(({ table }) => table === source.name)
      if (transform === undefined || source.trouble !== undefined) found.push(source)
      else {
        const made = await TransformedTable.create(source, transform, this.#secret, this.#expressionsOf)
        this.#tables.set(made.table, made)
        found.push(made.table)
      }
    }
    return found
  }

  async snapshot(tables: readonly EndpointTable[]): Promise<EndpointSnapshot> {
    return this.#transformedSnapshot(await this.#connector.snapshot(this.#sources(tables)))
  }

  apply: Connector['apply'] = async (plan) => {
    const written = plan.tables.map((table) => this.#tables.get(table)?.written ?? table)
    return this.#connector.apply({
      ...plan,
      tables: written,
      changes: (table, kind) => plan.changes(plan.tables[written.indexOf(table)]!, kind),
      all: async (table) => (plan.tables.includes(table) ? ((await plan.all?.(table)) ?? null) : null),
    })
  }

  async close(): Promise<void> {
    for (const made of this.#expressions.values()) (await made.catch(() => null))?.close()
    await this.#connector.close()
  }

  #expressionsOf: typeof RowExpressions.create = (columns, expressions, where) => {
    const name = JSON.stringify([where, columns.map((column) => [column.name, column.type]), expressions])
    const known = this.#expressions.get(name) ?? RowExpressions.create(columns, expressions, where)
    this.#expressions.set(name, known)
    return known
  }

  /** The table without the columns that differ from the endpoint's. */
  #untransformed(table: KnownTable): KnownTable {
    const columns = this.#transforms.find((one) => one.table === table.name)?.columns ?? []
    const nameOf = (name: string): string => columns.find(({ rename }) => rename === name)?.column ?? name
    return {
      name: table.name,
      key: table.key.map(nameOf),
      columns: table.columns
        .map(({ name, type }) => ({ name: nameOf(name), type }))
        .filter(({ name }) =>
          columns.every(
            ({ column, cast, mask, compute }) => column !== name || (cast ?? mask ?? compute) === null,
          ),
        ),
    }
  }

  #sources(tables: readonly EndpointTable[]): EndpointTable[] {
    return tables.map((table) => this.#tables.get(table)?.source ?? table)
  }

  #transformedSnapshot(snapshot: EndpointSnapshot): EndpointSnapshot {
    return {
      rows: (table, signal) => {
        const made = this.#tables.get(table)
        return made === undefined ? snapshot.rows(table, signal) : rowsOf(snapshot, made, signal)
      },
      // Rows that are the same make the same rows only as long as they are made in the same way.
      digest: async (table) => {
        const made = this.#tables.get(table)
        if (made === undefined) return snapshot.digest(table)
        const digest = await snapshot.digest(made.source)
        return digest === null ? null : this.#digestOf(digest, made)
      },
      // What a transform leaves out cannot be counted by what the endpoint counts.
      written: async (table, earlier) =>
        this.#tables.has(table) ? null : ((await snapshot.written?.(table, earlier)) ?? null),
      // A row that is taken no longer would not be seen.
      ...(snapshot.since === undefined
        ? {}
        : {
            since: (table, cursor) =>
              this.#tables.has(table) ? Promise.reject(noCursor(table)) : snapshot.since!(table, cursor),
          }),
      close: () => snapshot.close(),
    }
  }

  #digestOf(digest: string, { source }: TransformedTable): string {
    const transform = this.#transforms.find(({ table }) => table === source.name)
    const text = JSON.stringify([digest, transform, this.#secret ?? null])
    return sha256Hex(utf8(text))
  }

  /** The log with positions that begin with how rows were made: if that changes, the tables are read anew. */
  #transformedLog(log: ChangeLog): ChangeLog {
    const made = sha256Hex(utf8(JSON.stringify([this.#transforms, this.#secret ?? null]))).slice(0, 16)
    return {
      ...(log.changesSchema === true ? { changesSchema: true } : {}),
      ...(log.told === undefined ? {} : { told: log.told }),
      obstacle: (tables) => log.obstacle(this.#sources(tables)),
      begin: async (link, tables) => {
        const { position, snapshot } = await log.begin(link, this.#sources(tables))
        return { position: `${made} ${position}`, snapshot: this.#transformedSnapshot(snapshot) }
      },
      open: async (tables, { position, acknowledged }) => {
        if (!position.startsWith(`${made} `))
          return { lost: 'rows are transformed in another way than before' }
        const mark = { position: inner(position), acknowledged: inner(acknowledged) }
        const reader = await log.open(this.#sources(tables), mark)
        return 'lost' in reader ? reader : this.#transformedReader(reader, tables, made)
      },
      status: (position) => log.status(inner(position)),
      end: (position) => log.end(inner(position)),
    }
  }

  #transformedReader(reader: LogReader, tables: readonly EndpointTable[], made: string): LogReader {
    const transforms = new Map<string, TransformedTable>()
    for (const table of tables) {
      const one = this.#tables.get(table)
      if (one !== undefined) transforms.set(one.source.name, one)
    }
    async function* read(parts: AsyncIterable<LogPart>): AsyncGenerator<LogPart> {
      for await (const { changes, position, transaction } of parts) {
        const outer = position === null ? null : `${made} ${position}`
        yield { changes: transformedChanges(changes, transforms), position: outer, transaction }
      }
    }
    return {
      now: async () => `${made} ${await reader.now()}`,
      read: (until, signal) => read(reader.read(inner(until), signal)),
      wait: (signal) => reader.wait(signal),
      ...(reader.putAside === undefined ? {} : { putAside: () => reader.putAside!() }),
      acknowledge: (position) => reader.acknowledge(inner(position)),
      close: () => reader.close(),
    }
  }
}

function noCursor({ name }: EndpointTable): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `'${name}' has a transform, and so can have no cursor`, {
    hint: 'a row that it takes no longer would not be seen',
  })
}

/** The position without how rows are made. A link that transformed nothing has positions without that part. */
function inner(position: string): string {
  return position.replace(/^[0-9a-f]{16} /, '')
}

async function* rowsOf(
  snapshot: EndpointSnapshot,
  made: TransformedTable,
  signal?: AbortSignal,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for await (const batch of snapshot.rows(made.source, signal))
    yield made.rows(batch).filter((row) => row !== null)
}
