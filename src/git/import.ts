// Brings the history of a Git repository in, commit by commit: authors, dates and zones, messages, merges, modes and
// links are kept, and each commit remembers its Git id, so that importing again brings only what is new. The same Git
// commit gives the same commit of ours, whoever imports it. The branch and tags move last, all at once.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { pathToBytes } from '../files/path.ts'
import { readCommit } from '../history/commit.ts'
import { branchRef, shortRefName } from '../history/refs.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { Manifest, ObjectReader, ObjectWriter, Store } from '../store/interface.ts'
import type { TransferOptions } from '../remote/interface.ts'
import { descends } from '../remote/peel.ts'
import { withFreshEpoch } from '../remote/receive.ts'
import { CommitImporter } from './commit-importer.ts'
import { hasSameAuthorAndMessage } from './export-map.ts'
import { GitSource, withoutUser } from './git-source.ts'
import { GitContents } from './contents/git-contents.ts'
import type { PointerKind } from './contents/interface.ts'
import { type ImportChoice, type ImportedMap, commitsToImport, importedBefore } from './git-order.ts'
import type { Oid } from './git-objects.ts'
import { importNotes } from './import-notes.ts'
import { importTags } from './tags.ts'

export interface ImportGitOptions extends TransferOptions {
  /** Branch of ours that takes the history. */
  readonly branch: string
  /** Branch, tag or commit of the Git repository; its HEAD when absent. */
  readonly revision?: string
  /** Only what lies at or below these paths; commits that touch nothing of it are left out. */
  readonly paths?: readonly string[]
  /** Bring in what pointers of Git LFS, and .dvc files, stand for, in their place. */
  readonly follow?: readonly PointerKind[]
  /** A pointer whose contents are not there comes in as it is. Default: that is an error. */
  readonly allowMissing?: boolean
}

export interface ImportGitReport {
  readonly commits: number
  /** Versions of files. */
  readonly files: number
  /** Paths that cannot be kept here: submodules and unsafe names. */
  readonly skipped: number
  readonly skippedPaths: ReadonlyMap<string, string>
  readonly tags: number
  /** Versions of pointers of Git LFS, and of .dvc files, that came in as they are. */
  readonly pointers: number
  /** Notes on commits that came in, now on `gitNotesRef`. */
  readonly notes: number
  /** Notes on commits that are not here, or too long for one. */
  readonly notesLeft: number
  readonly head: CommitCid | null
}

/** @throws VarveError VARVE_UNREACHABLE, VARVE_NOT_POSSIBLE, VARVE_REF_NOT_FOUND, VARVE_REFUSED */
export async function importGit(
  repo: { readonly store: Store; readonly nodes: NodeStore },
  source: string,
  options: ImportGitOptions,
): Promise<ImportGitReport> {
  const ref = branchRef(options.branch)
  const choice: ImportChoice = {
    paths: (options.paths ?? []).map(filterPath).sort(),
    follow: [...new Set(options.follow)].sort(),
  }
  const git = await GitSource.open(source, options.signal)
  try {
    const head = await git.resolve(options.revision ?? 'HEAD')
    return await withFreshEpoch(repo.store, async (before, sameEpoch) => {
      const writer = repo.store.writer()
      let published = false
      try {
        const known = { choice, exported: git.exported(), signal: options.signal }
        const imported = await importedBefore(repo.store, before.refs.get(ref), known)
        const { follow } = choice
        const contents = new GitContents(git, { follow, allowMissing: options.allowMissing === true })
        const nodes = repo.nodes.through(writer)
        const importer = new CommitImporter({ git, writer, nodes, choice, contents }, imported)
        await importCommits(repo.store, { git, importer, imported, head }, options)
        const refs = new Map<string, Cid>(await importTags(git, writer, before, imported))
        const tags = refs.size
        const notes = await importNotes({ git, writer, nodes, before, imported, signal: options.signal })
        for (const [name, cid] of notes.refs) refs.set(name, cid)
        const tip = await chooseTip(writer, before.refs.get(ref), imported.get(head)?.cid, options.branch)
        if (tip !== before.refs.get(ref) && tip !== undefined) refs.set(ref, tip)
        if (refs.size > 0) {
          await publish(repo.store, { writer, before, sameEpoch, ref, refs, source: withoutUser(source) })
          published = true
        }
        const { files, skipped } = importer.entries
        const { commits } = importer
        const counts = { commits, files, skipped: skipped.size, tags, pointers: contents.pointersLeft }
        const noteCounts = { notes: notes.taken, notesLeft: notes.left }
        return { ...counts, ...noteCounts, skippedPaths: skipped, head: tip ?? null }
      } finally {
        if (!published) await writer.abort()
      }
    })
  } finally {
    await git.close()
  }
}

interface GitHistory {
  readonly git: GitSource
  readonly importer: CommitImporter
  /** Commits that are here already. */
  readonly imported: ImportedMap
  readonly head: Oid
}

async function importCommits(
  reader: ObjectReader,
  { git, importer, imported, head }: GitHistory,
  options: ImportGitOptions,
): Promise<void> {
  const order = await commitsToImport(git, head, imported, options.signal)
  await checkExported(reader, git, imported, [head, ...order.flatMap(({ parents }) => parents)])
  let done = 0
  for (const commit of order) {
    throwIfAborted(options.signal)
    await importer.add(commit, options.signal)
    options.onProgress?.({ phase: 'importing', done: ++done, total: order.length, unit: 'commits' })
  }
}

/** Exported commits must have the same author and message there: a list that came with the repository may be wrong. */
async function checkExported(
  reader: ObjectReader,
  git: GitSource,
  imported: ImportedMap,
  oids: readonly Oid[],
): Promise<void> {
  const exported = new Set(git.exported().values())
  for (const oid of new Set(oids)) {
    const known = imported.get(oid)
    if (known === undefined || known === null || !exported.has(oid)) continue
    if (hasSameAuthorAndMessage(await readCommit(reader, known.cid), await git.commit(oid))) continue
    throw new VarveError('VARVE_NOT_POSSIBLE', `the list of exported commits does not fit commit '${oid}'`, {
      data: { oid },
      hint: "remove 'varve/exported' in the folder of the Git repository",
    })
  }
}

/** Commits of ours on top of what was imported are never left behind. */
async function chooseTip(
  writer: ObjectWriter,
  before: CommitCid | undefined,
  head: CommitCid | undefined,
  branch: string,
): Promise<CommitCid | undefined> {
  if (before === undefined || head === undefined) return head ?? before
  if (await descends(writer, before, head)) return head
  if (await descends(writer, head, before)) return before
  throw new VarveError('VARVE_REFUSED', `branch '${branch}' has commits that did not come from there`, {
    data: { branch },
    hint: `import into a branch of its own ('--branch ${branch}-git'), then merge it`,
  })
}

interface Imported {
  readonly writer: ObjectWriter
  readonly before: Manifest
  readonly sameEpoch: (current: Manifest) => void
  /** The branch that moves, if it does. */
  readonly ref: string
  /** Refs to set. */
  readonly refs: ReadonlyMap<string, Cid>
  /** Where the history came from, for the log. */
  readonly source: string
}

async function publish(
  store: Store,
  { writer, before, sameEpoch, ref, refs, source }: Imported,
): Promise<void> {
  await store.update(
    (current) => {
      sameEpoch(current)
      if (current.refs.get(ref) !== before.refs.get(ref)) {
        throw new VarveError('VARVE_REFUSED', `branch '${shortRefName(ref)}' moved during the import`, {
          hint: 'import again',
        })
      }
      return { refs, operation: { name: 'import git', message: source, author: '' } }
    },
    { writer },
  )
}

/** A path as bytes, one character for each, without a slash at its end. */
function filterPath(path: string): string {
  const clean = path.replace(/^\.\//, '').replace(/\/+$/, '')
  if (clean === '' || clean === '.')
    throw new VarveError('VARVE_USAGE', `cannot import the path '${path}' alone`, {
      hint: 'leave it out for the whole repository, or name a file or folder in it',
    })
  return Buffer.from(pathToBytes(clean)).toString('latin1')
}
