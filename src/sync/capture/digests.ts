// Digests that an endpoint made of its tables when they were read, each with the table that was read then. A table whose
// digest is the same again need not be read again. So it is with a table that stopped the reading: what stopped it is
// noted in the place of the table.
import { VarveError } from '../../base/errors.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { ObjectReader, ObjectWriter } from '../../store/interface.ts'
import { readJson, writeJson } from '../stored-json.ts'

const mendHint = 'mend that at the endpoint, or leave the table out of the link'

/** Why a table stopped, and what of it is not in its digest. */
interface Fault {
  readonly shape: string
  readonly message: string
  readonly reason?: string
}

type Noted = readonly [digest: string, table: Cid] | readonly [digest: string, table: null, fault: Fault]

export class TableDigests {
  readonly #known: ReadonlyMap<Path, Noted>
  readonly #now = new Map<Path, Noted>()

  private constructor(known: ReadonlyMap<Path, Noted>) {
    this.#known = known
  }

  /** The digests that were stored; none when they cannot be read. */
  static async load(reader: ObjectReader, object: Cid | undefined): Promise<TableDigests> {
    if (object === undefined) return new TableDigests(new Map())
    return new TableDigests(new Map((await readJson(reader, object)) as [Path, Noted][]))
  }

  /** Whether the table at `path` is the one with this digest. */
  isSame(path: Path, digest: string | null, table: Cid | null): boolean {
    const known = this.#known.get(path)
    return known !== undefined && table !== null && known[0] === digest && known[1] === table
  }

  /** The mark under which the table at `path` was last read, and that table. */
  lastOf(path: Path): { readonly mark: string; readonly table: Cid } | null {
    const [mark, table] = this.#known.get(path) ?? ['', null]
    return table === null ? null : { mark, table }
  }

  /** The mark under which the table at `path` stopped when it was last read in this shape, and why it stopped. */
  stoppedAt(path: Path, table: EndpointTable): { readonly mark: string; readonly why: VarveError } | null {
    const [mark, , fault] = this.#known.get(path) ?? ['']
    if (fault?.shape !== shapeOf(table)) return null
    const { message, reason } = fault
    return {
      mark,
      why: new VarveError('VARVE_RULE_VIOLATED', message, { data: { path, reason }, hint: mendHint }),
    }
  }

  /** Notes that the table cannot be taken in as it is under this mark. */
  stop(path: Path, mark: string | null, table: EndpointTable, { message, data }: VarveError): void {
    if (mark === null) return
    const { reason } = data
    const why = typeof reason === 'string' ? { message, reason } : { message }
    this.#now.set(path, [mark, null, { shape: shapeOf(table), ...why }])
  }

  /** The mark that this round noted for exactly that table; null when it noted none. */
  markOf(path: Path, table: Cid): string | null {
    const now = this.#now.get(path)
    return now !== undefined && now[1] === table ? now[0] : null
  }

  add(path: Path, digest: string | null, table: Cid): void {
    if (digest !== null) this.#now.set(path, [digest, table])
  }

  /** The same table, under another name. */
  replace(path: Path, table: Cid, now: Cid): void {
    const mark = this.markOf(path, table)
    if (mark !== null) this.#now.set(path, [mark, now])
  }

  /** Keeps the mark under which the table was last read. */
  keep(path: Path): void {
    const known = this.#known.get(path)
    if (known !== undefined) this.#now.set(path, known)
  }

  /** The object to be stored; null when nothing has changed. */
  write(writer: ObjectWriter): Cid | null {
    const text = JSON.stringify([...this.#now])
    return text === JSON.stringify([...this.#known]) ? null : writeJson(writer, text)
  }
}

/** What a digest need not tell of: files are the same while their key is declared anew. */
function shapeOf({ columns, key }: EndpointTable): string {
  return JSON.stringify([key, columns.map(({ name, type }) => [name, type])])
}
