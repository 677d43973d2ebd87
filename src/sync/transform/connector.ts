// A connector as the dataset is to see it: the same system, with each table's transform between its rows and whoever
// reads them. Nothing behind it knows of transforms, and nothing before it has seen a value that a mask hides.
import { utf8 } from '../../base/bytes.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { ChangeLog, LogPart, LogReader } from '../../connectors/change-log.ts'
import type { Connector, EndpointSnapshot, EndpointTable } from '../../connectors/interface.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Cell } from '../../table/interface.ts'
import type { Link } from '../interface.ts'
import { transformedChanges } from './changes.ts'
import { secretVariable } from './mask.ts'
import { TransformedTable } from './table-transform.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The connector itself where the link transforms nothing. */
export function transformed(connector: Connector, link: Link, environment: Environment = {}): Connector {
  const { transform = [] } = link
  return transform.length === 0 ? connector : new TransformedConnector(connector, transform, environment)
}

class TransformedConnector implements Connector {
  readonly location: string
  readonly log?: ChangeLog
  readonly #connector: Connector
  readonly #transforms: readonly TableTransform[]
  readonly #secret: string | undefined
  /** By the table as the dataset sees it. */
  readonly #tables = new Map<EndpointTable, TransformedTable>()

  constructor(connector: Connector, transforms: readonly TableTransform[], environment: Environment) {
    this.#connector = connector
    this.#transforms = transforms
    this.#secret = environment[secretVariable]
    this.location = connector.location
    if (connector.log !== undefined) this.log = this.#transformedLog(connector.log)
  }

  identity: Connector['identity'] = () => this.#connector.identity()
  checkpoint: Connector['checkpoint'] = (link) => this.#connector.checkpoint(link)
  takeOver: Connector['takeOver'] = (link) => this.#connector.takeOver(link)

  async discover(names?: readonly string[]): Promise<readonly EndpointTable[]> {
    const found: EndpointTable[] = []
    for (const source of await this.#connector.discover(names)) {
      const transform = this.#transforms.find(({ table }) => table === source.name)
      if (transform === undefined) found.push(source)
      else {
        const made = await TransformedTable.create(source, transform, this.#secret)
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
    })
  }

  async close(): Promise<void> {
    for (const table of this.#tables.values()) table.close()
    await this.#connector.close()
  }

  #sources(tables: readonly EndpointTable[]): EndpointTable[] {
    return tables.map((table) => this.#tables.get(table)?.source ?? table)
  }

  #transformedSnapshot(snapshot: EndpointSnapshot): EndpointSnapshot {
    return {
      rows: (table) => {
        const made = this.#tables.get(table)
        return made === undefined ? snapshot.rows(table) : rowsOf(snapshot, made)
      },
      // Rows that are the same make the same rows only as long as they are made in the same way.
      digest: async (table) => {
        const made = this.#tables.get(table)
        if (made === undefined) return snapshot.digest(table)
        const digest = await snapshot.digest(made.source)
        return digest === null ? null : this.#digestOf(digest, made)
      },
      close: () => snapshot.close(),
    }
  }

  #digestOf(digest: string, { source }: TransformedTable): string {
    const transform = this.#transforms.find(({ table }) => table === source.name)
    const text = JSON.stringify([digest, transform, this.#secret ?? null])
    return sha256Hex(utf8(text))
  }

  #transformedLog(log: ChangeLog): ChangeLog {
    return {
      obstacle: (tables) => log.obstacle(this.#sources(tables)),
      begin: async (link, tables) => {
        const { position, snapshot } = await log.begin(link, this.#sources(tables))
        return { position, snapshot: this.#transformedSnapshot(snapshot) }
      },
      open: async (tables, mark) => {
        const reader = await log.open(this.#sources(tables), mark)
        return 'lost' in reader ? reader : this.#transformedReader(reader, tables)
      },
      status: (position) => log.status(position),
      end: (position) => log.end(position),
    }
  }

  #transformedReader(reader: LogReader, tables: readonly EndpointTable[]): LogReader {
    const made = new Map<string, TransformedTable>()
    for (const table of tables) {
      const one = this.#tables.get(table)
      if (one !== undefined) made.set(one.source.name, one)
    }
    async function* read(parts: AsyncIterable<LogPart>): AsyncGenerator<LogPart> {
      for await (const part of parts) yield { ...part, changes: transformedChanges(part.changes, made) }
    }
    return {
      now: () => reader.now(),
      read: (until, signal) => read(reader.read(until, signal)),
      wait: (signal) => reader.wait(signal),
      acknowledge: (position) => reader.acknowledge(position),
      close: () => reader.close(),
    }
  }
}

async function* rowsOf(
  snapshot: EndpointSnapshot,
  made: TransformedTable,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for await (const batch of snapshot.rows(made.source)) yield made.rows(batch).filter((row) => row !== null)
}
