// A history that a test can write down: each commit with its parents and all that its dataset holds.
import type { CommitCid } from '../../src/encoding/cid.ts'
import type { Path, TreeEntry } from '../../src/files/interface.ts'
import { nextGeneration, writeCommit } from '../../src/history/commit.ts'
import { collect } from '../../src/base/iterables.ts'
import { DataRepository } from '../../src/index.ts'
import type { BlameOptions, RowLogOptions, Value } from '../../src/index.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { Bench } from '../merge/bench.ts'

const who = { name: 'Ada', email: 'ada@example.org', zoneMinutes: 0 }

/** A text is a file, a table object a table. */
export type Dataset = Readonly<Record<Path, string | TableObject>>

export class DrawnHistory {
  readonly store: MemoryStore = MemoryStore.create()
  readonly bench: Bench = new Bench(this.store)
  readonly #cids = new Map<string, CommitCid>()
  #minute = 0

  /** 'c: a b' is commit c with the parents a and b. */
  async commit(drawing: string, dataset: Dataset): Promise<void> {
    const [name, rest = ''] = drawing.split(':').map((part) => part.trim())
    const parents = rest.split(' ').flatMap((parent) => this.#cids.get(parent) ?? [])
    const entries: Record<Path, TreeEntry> = {}
    for (const [path, content] of Object.entries(dataset))
      entries[path] = typeof content === 'string' ? this.bench.file(content) : this.bench.entry(content)
    const { writer } = this.bench
    const signature = { ...who, timeMs: 60_000 * ++this.#minute }
    const cid = writeCommit(writer, {
      tree: await this.bench.tree(entries),
      parents,
      author: signature,
      committer: signature,
      message: `${name}\n`,
      generation: await nextGeneration(writer, parents),
      extra: {},
    })
    this.#cids.set(name!, cid)
  }

  /** The last commit drawn is main; `around` may wrap the store. */
  async open(around: (store: Store) => Store = (store) => store): Promise<DrawnRepository> {
    const refs = new Map([...this.#cids].map(([name, cid]) => [`refs/heads/${name}`, cid]))
    refs.set('refs/heads/main', [...this.#cids.values()].at(-1)!)
    await this.store.update(
      () => ({ refs, head: 'refs/heads/main', operation: { name: 'draw', message: '', author: '' } }),
      { writer: this.bench.writer },
    )
    const store = around(this.store)
    return new DrawnRepository(DataRepository.over(store))
  }
}

/** Answers by the names of commits. */
export class DrawnRepository {
  readonly repo: DataRepository

  constructor(repo: DataRepository) {
    this.repo = repo
  }

  /** 'key commit' by row, or 'key column=commit column=commit' by cells. */
  async blame(path: string, options: BlameOptions = {}): Promise<string[]> {
    const rows = (await collect((await this.repo.blame(path, options)).rows())).flat()
    return rows.map(({ key, by, cells }) =>
      [
        key.map(shown).join(),
        ...(by === null ? cells.map((cell) => `${cell.column}=${cell.by.subject}`) : [by.subject]),
      ].join(' '),
    )
  }

  /** 'commit text' by line. */
  async blameLines(path: string, options: BlameOptions = {}): Promise<string[]> {
    const lines = (await collect((await this.repo.blame(path, options)).lines())).flat()
    return lines.map(({ by, text }) => `${by.subject} ${text}`)
  }

  async log(path: string, options: { follow?: boolean; revision?: string } = {}): Promise<string> {
    return (await collect(this.repo.log({ path, ...options }))).map(({ message }) => message.trim()).join(' ')
  }

  /** 'commit added', 'commit removed' or 'commit column: old -> new, …'. */
  async rowLog(path: string, options: RowLogOptions): Promise<string[]> {
    const commits = await collect(this.repo.rowLog(path, options))
    return commits.map(({ message, change }) => {
      const cells = change.cells.map(
        ({ column, before, after }) => `${column}: ${shown(before)} -> ${shown(after)}`,
      )
      const what = change.kind === 'changed' ? cells.join(', ') : change.kind
      return `${message.trim()} ${what}`
    })
  }
}

function shown(value: Value): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
