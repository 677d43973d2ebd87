// Optimistic transactions: the change runs against the branch's tip, its edits become a tree and a commit, and the
// branch moves by compare-and-set. When another writer was faster the change runs again on the new tip.
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { type AnyIterable, bytesInParts, collect } from '../../base/iterables.ts'
import { type CommitCid, digestHex } from '../../encoding/cid.ts'
import { writeBytes, writeFile } from '../../files/content.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { nextGeneration } from '../../history/commit.ts'
import type { Commit, Person } from '../../history/interface.ts'
import { branchRef } from '../../history/refs.ts'
import { operatorOf, signatureOf, withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { type SignChoice, putCommit, signingAs } from '../../repo/signing.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Row } from '../../table/interface.ts'
import type { NewTable, TableWriter, Transaction } from './data.ts'
import { contentOf } from './snapshot.ts'
import { TableEdits } from './table-edits.ts'

const attemptsMax = 100

export interface TransactionOptions {
  readonly message?: string | undefined
  readonly author?: Person | undefined
  /** Whether the commit is signed, and with which key; default: as the settings have it. */
  readonly sign?: SignChoice | undefined
  readonly signal?: AbortSignal | undefined
}

class Moved extends Error {}

export async function runTransaction<T>(
  repo: Repo,
  branch: string,
  change: (tx: Transaction) => Promise<T> | T,
  options: TransactionOptions,
): Promise<{ commit: string | null; result: T }> {
  const ref = branchRef(branch)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    throwIfAborted(options.signal)
    try {
      return await withWriter(repo, (writer, nodes) =>
        attemptOnce(repo, { writer, nodes }, ref, change, options),
      )
    } catch (error) {
      if (!(error instanceof Moved)) throw error
    }
    // Writers that keep meeting each other must not keep step with each other.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * (attempt + 1))))
  }
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `branch '${branch}' moved ${attemptsMax} times while this change was made`,
    {
      hint: 'try again when fewer writers are at work',
    },
  )
}

async function attemptOnce<T>(
  repo: Repo,
  io: Io,
  ref: string,
  change: (tx: Transaction) => Promise<T> | T,
  options: TransactionOptions,
): Promise<{ commit: string | null; result: T }> {
  const before = await repo.store.manifest()
  const tip = await readBranch(repo.store, before, ref)
  const tree = tip === null ? Tree.empty(io.nodes, io.writer) : await Tree.load(io.nodes, tip.tree)
  const tx = new TreeTransaction(io, tree, tip, options.signal)
  const result = await change(tx)
  const next = await tx.finish()
  if (next.cid === tree.cid) return { commit: null, result }
  let commit: CommitCid | null = null
  await repo.store.update(
    async (manifest) => {
      if (manifest.refs.get(ref) !== before.refs.get(ref)) throw new Moved()
      commit ??= await commitTree(repo, io, manifest, { tree: next, tip, options })
      return {
        refs: new Map([[ref, commit]]),
        operation: { name: 'transaction', message: messageOf(options), author: operatorOf(repo, manifest) },
      }
    },
    { writer: io.writer, signal: options.signal },
  )
  return { commit: digestHex(commit!), result }
}

function messageOf(options: TransactionOptions): string {
  return options.message ?? 'Change data'
}

async function commitTree(
  repo: Repo,
  io: Io,
  manifest: Manifest,
  change: { tree: Tree; tip: Commit | null; options: TransactionOptions },
): Promise<CommitCid> {
  const parents = change.tip === null ? [] : [change.tip.cid]
  const committer = signatureOf(repo, manifest)
  return putCommit(signingAs(repo, change.options.sign), manifest, io.writer, {
    tree: change.tree.cid,
    parents,
    author: signatureOf(repo, manifest, change.options.author, committer),
    committer,
    message: messageOf(change.options),
    generation: await nextGeneration(io.writer, parents),
    extra: {},
  })
}

class TreeTransaction implements Transaction {
  readonly base: string | null
  readonly #io: Io
  readonly #tree: Tree
  readonly #signal: AbortSignal | undefined
  readonly #entries = new Map<string, TreeEntry | null>()
  readonly #tables = new Map<string, TableEdits>()

  constructor(io: Io, tree: Tree, tip: Commit | null, signal: AbortSignal | undefined) {
    this.#io = io
    this.#tree = tree
    this.#signal = signal
    this.base = tip === null ? null : digestHex(tip.cid)
  }

  table<R extends object = Row>(name: string): TableWriter<R> {
    return this.#edits(name, null) as unknown as TableWriter<R>
  }

  createTable<R extends object = Row>(path: string, table: NewTable): TableWriter<R> {
    return this.#edits(path, table) as unknown as TableWriter<R>
  }

  #edits(name: string, created: NewTable | null): TableEdits {
    const known = this.#tables.get(name)
    if (known !== undefined && created === null) return known
    if (known !== undefined) throw new TypeError(`the table '${name}' is in use already`)
    const gone = new Set([...this.#entries.keys()].filter((path) => this.#entries.get(path) === null))
    const edits = new TableEdits(this.#io, { tree: this.#tree, gone }, name, {
      created,
      signal: this.#signal,
    })
    this.#tables.set(name, edits)
    return edits
  }

  async writeFile(
    path: string,
    content: Uint8Array | string | AnyIterable<Uint8Array>,
    options: { executable?: boolean } = {},
  ): Promise<void> {
    const { writer } = this.#io
    const bytes = typeof content === 'string' ? utf8(content) : content
    const written =
      bytes instanceof Uint8Array
        ? writeBytes(writer, bytes)
        : await writeFile(writer, bytesInParts(bytes), { signal: this.#signal })
    this.#entries.set(path, { kind: 'file', executable: options.executable === true, ...written })
  }

  remove(path: string): void {
    this.#entries.set(path, null)
    this.#tables.delete(path)
  }

  async readAll(path: string): Promise<Uint8Array> {
    const entry = this.#entries.has(path) ? this.#entries.get(path)! : await this.#tree.get(path)
    if (entry === null)
      throw new VarveError('VARVE_PATH_NOT_FOUND', `no '${path}' in the transaction`, {
        data: { path },
        hint: 'a path is written from the top of the repository',
      })
    return concatBytes((await collect(contentOf(this.#io.nodes, entry))).map((part) => part.slice()))
  }

  async finish(): Promise<Tree> {
    for (const edits of this.#tables.values()) {
      const finished = await edits.finish()
      if (finished === null) continue
      const { path, entry } = finished
      // What was removed after it was edited stays removed, by whatever name it was edited.
      const isRemoved = this.#entries.get(path) === null && !edits.gone.has(path)
      if (!isRemoved) this.#entries.set(path, entry)
    }
    return this.#tree.update(this.#io.writer, this.#entries, { signal: this.#signal })
  }
}
