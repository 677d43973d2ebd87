// In which schema of the endpoint each table was when it was last read. A link may name a table without its schema, and the
// endpoint's settings may lead the name to another table one day. That one is not read or written until somebody agrees.
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { ObjectReader, ObjectWriter } from '../../store/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import { readJson, writeJson } from '../stored-json.ts'
import type { LinkedTable } from '../tables/link-tables.ts'

type Known = readonly (readonly [table: string, namespace: string])[]

export class Namespaces {
  readonly #known: Known

  private constructor(known: Known) {
    this.#known = known
  }

  static async load(reader: ObjectReader, object: Cid | undefined): Promise<Namespaces> {
    if (object === undefined) return new Namespaces([])
    return new Namespaces((await readJson(reader, object)) as Known)
  }

  /** The schema of the table that has taken the place of the known one; null while it is the same. */
  movedTo({ name, namespace }: EndpointTable): string | null {
    const known = this.#of(name)
    return known === undefined || namespace === undefined || known === namespace ? null : namespace
  }

  /** For people. */
  drift(table: EndpointTable): string[] {
    const moved = this.movedTo(table)
    if (moved === null) return []
    return [`the name leads to the table of schema '${moved}', and led to that of '${this.#of(table.name)!}'`]
  }

  /** The object to be stored once these tables have been read; null when nothing has changed. */
  write(writer: ObjectWriter, tables: readonly LinkedTable[], held: HeldRows): Cid | null {
    const now = tables.flatMap(({ table, path, waits }): Known => {
      const isRead =
        waits === undefined && !held.list.some((one) => one.path === path && one.reason === 'schema')
      const namespace = isRead ? table.namespace : this.#of(table.name)
      return namespace === undefined ? [] : [[table.name, namespace]]
    })
    const text = JSON.stringify(now.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    return text === JSON.stringify(this.#known) ? null : writeJson(writer, text)
  }

  #of(table: string): string | undefined {
    return this.#known.find(([name]) => name === table)?.[1]
  }
}
