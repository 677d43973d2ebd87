// In which schema of the endpoint each table was when it was last read, and which table it was: one that is dropped and made
// anew is another, and so may be a file in whose place there is one that was written earlier. A link may name a table
// without its schema, and the endpoint's settings may lead the name to another table one day. That one is not read or
// written until somebody agrees.
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { ObjectReader, ObjectWriter } from '../../store/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import { readJson, writeJson } from '../stored-json.ts'
import { type LinkedTable, endpointTables } from '../tables/link-tables.ts'

interface Place {
  readonly table: string
  readonly namespace?: string
  readonly incarnation?: string
  readonly storage?: string
  readonly writtenNs?: string
}

export class Namespaces {
  readonly #known: readonly Place[]

  private constructor(known: readonly Place[]) {
    this.#known = known
  }

  static async load(reader: ObjectReader, object: Cid | undefined): Promise<Namespaces> {
    if (object === undefined) return new Namespaces([])
    const kept = (await readJson(reader, object)) as readonly (Place | readonly [string, string])[]
    // Pairs are from a time when no more was noted.
    return new Namespaces(kept.map((one) => ('table' in one ? one : { table: one[0], namespace: one[1] })))
  }

  /** The schema of the table that has taken the place of the known one; null while it is the same. */
  movedTo({ name, namespace }: EndpointTable): string | null {
    const known = this.#of(name)?.namespace
    return known === undefined || namespace === undefined || known === namespace ? null : namespace
  }

  /** For people. */
  drift(table: EndpointTable): string[] {
    const moved = this.movedTo(table)
    if (moved === null) return []
    const known = this.#of(table.name)!.namespace!
    return [`the name leads to the table of schema '${moved}', and led to that of '${known}'`]
  }

  /** Whether all of these tables that were read before have been dropped and made anew, or made anew in place. */
  areAllAnew(tables: readonly LinkedTable[]): boolean {
    const known = endpointTables(tables).flatMap((table) => this.#isAnew(table) ?? [])
    return known.length > 0 && known.every(Boolean)
  }

  /** Those that may be earlier ones: made anew since they were read, or in a file written earlier than the last one. */
  perhapsEarlier(tables: readonly LinkedTable[]): LinkedTable[] {
    return tables.filter(
      ({ table, waits }) => waits === undefined && (this.#isAnew(table) === true || this.#isOlder(table)),
    )
  }

  /** Those whose rows were all thrown away or written anew since they were read, the tables being the same. */
  filledAnew(tables: readonly LinkedTable[]): LinkedTable[] {
    return tables.filter(({ table, waits }) => {
      const before = this.#of(table.name)?.storage
      const isOther = before !== undefined && table.storage !== undefined && before !== table.storage
      return waits === undefined && isOther && this.#isAnew(table) !== true
    })
  }

  /** null where the endpoint tells nothing of it. */
  #isAnew({ name, incarnation }: EndpointTable): boolean | null {
    const before = this.#of(name)?.incarnation
    return before === undefined || incarnation === undefined ? null : before !== incarnation
  }

  #isOlder({ name, writtenNs }: EndpointTable): boolean {
    const before = this.#of(name)?.writtenNs
    return before !== undefined && writtenNs !== undefined && BigInt(writtenNs) < BigInt(before)
  }

  /** The object to be stored once these tables have been read; null when nothing has changed. */
  write(writer: ObjectWriter, tables: readonly LinkedTable[], held: HeldRows): Cid | null {
    const now = tables.flatMap(({ table, path, waits }): Place[] => {
      const isRead =
        waits === undefined && !held.list.some((one) => one.path === path && one.reason === 'schema')
      const { namespace, incarnation, storage, writtenNs } = isRead ? table : (this.#of(table.name) ?? {})
      const facts = Object.entries({ namespace, incarnation, storage, writtenNs }).filter(
        ([, fact]) => fact !== undefined,
      )
      return facts.length === 0 ? [] : [{ table: table.name, ...Object.fromEntries(facts) }]
    })
    const text = JSON.stringify(now.toSorted((a, b) => (a.table < b.table ? -1 : 1)))
    return text === JSON.stringify(this.#known) ? null : writeJson(writer, text)
  }

  #of(table: string): Place | undefined {
    return this.#known.find((one) => one.table === table)
  }
}
