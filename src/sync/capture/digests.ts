// Digests that an endpoint made of its tables when they were read, each with the table that was read then. A table whose
// digest is the same again need not be read again.
import { utf8, utf8Text } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { ObjectReader, ObjectWriter } from '../../store/interface.ts'

export class TableDigests {
  readonly #known: ReadonlyMap<Path, readonly [digest: string, table: Cid]>
  readonly #now = new Map<Path, readonly [digest: string, table: Cid]>()

  private constructor(known: ReadonlyMap<Path, readonly [string, Cid]>) {
    this.#known = known
  }

  /** The digests that were stored; none when they cannot be read. */
  static async load(reader: ObjectReader, object: Cid | undefined): Promise<TableDigests> {
    if (object === undefined) return new TableDigests(new Map())
    const [bytes] = await reader.get([object])
    return new TableDigests(new Map(JSON.parse(utf8Text(bytes!)) as [Path, [string, Cid]][]))
  }

  /** Whether the table at `path` is the one with this digest. */
  isSame(path: Path, digest: string | null, table: Cid | null): boolean {
    const known = this.#known.get(path)
    return known !== undefined && known[0] === digest && known[1] === table
  }

  /** The mark under which the table at `path` was last read, and that table. */
  lastOf(path: Path): { readonly mark: string; readonly table: Cid } | null {
    const known = this.#known.get(path)
    return known === undefined ? null : { mark: known[0], table: known[1] }
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
    return text === JSON.stringify([...this.#known]) ? null : writer.put('raw', utf8(text))
  }
}
