// History as a Git repository, the inverse of import.ts: commits with authors, dates, messages and merges, tags and
// branches, tables as the bytes of their files. Objects come first, in one pack; files that are checked out follow; then
// the branches and tags move. Exporting again adds what is new.
import path from 'node:path'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { isAncestor } from '../history/ancestry.ts'
import { readTag } from '../history/commit.ts'
import { branchPrefix, tagPrefix } from '../history/refs.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { TransferOptions } from '../remote/interface.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { CommitExporter } from './commit-exporter.ts'
import { readExportMap, writeExportMap } from './export-map.ts'
import { planNotes } from './export-notes.ts'
import { type RefPlan, moveRef, planRef } from './export-refs.ts'
import { type ExportTarget, checkOutInGit, isCheckedOut, openTarget } from './export-target.ts'
import { encodeGitTag, endedMessage } from './git-encode.ts'
import { GitObjectIds } from './git-object-ids.ts'
import type { Oid } from './git-objects.ts'
import { GitPackWriter } from './git-pack.ts'
import { GitSource } from './git-source.ts'

export interface ExportGitOptions extends TransferOptions {
  /** Branches and tags; default: the current branch. Tags of what is exported come along. */
  readonly revisions?: readonly string[]
  /** All branches and tags. */
  readonly all?: boolean
  /** Where it is new: without files. */
  readonly bare?: boolean
  /** Also where commits there are left behind, and tags become others. */
  readonly force?: boolean
  /** Not the notes of what is exported, which come along otherwise. */
  readonly notes?: boolean
  /** For the git that writes files. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

export interface ExportGitReport {
  /** That were not there. */
  readonly commits: number
  readonly objects: number
  readonly refs: readonly RefPlan[]
  /** Tables that no file carries. */
  readonly skippedPaths: readonly Path[]
}

interface Wanted {
  readonly ref: string
  readonly commit: CommitCid
  /** An annotated tag. */
  readonly tag: Cid | null
}

/** @throws VarveError VARVE_NOT_POSSIBLE, VARVE_REF_NOT_FOUND, VARVE_REFUSED, VARVE_UNCOMMITTED */
export async function exportGit(
  repo: { readonly store: Store; readonly nodes: NodeStore },
  dir: string,
  options: ExportGitOptions = {},
): Promise<ExportGitReport> {
  const manifest = await repo.store.manifest()
  const named = await wantedRefs(repo.store, manifest, options)
  const branches = named.filter(({ ref }) => ref.startsWith(branchPrefix)).map(({ ref }) => ref)
  const branch = branches.find((ref) => ref === manifest.head) ?? branches[0] ?? manifest.head
  const target = openTarget(path.resolve(dir), {
    bare: options.bare === true,
    branch: branch ?? `${branchPrefix}main`,
  })
  try {
    const source = await GitSource.open(target.dir, options.signal)
    try {
      return await exportTo(repo, { manifest, named, target, source }, options)
    } finally {
      await source.close()
    }
  } catch (error) {
    target.remove()
    throw error
  }
}

interface Job {
  readonly manifest: Manifest
  readonly named: readonly Wanted[]
  readonly target: ExportTarget
  readonly source: GitSource
}

async function exportTo(
  { store, nodes }: { readonly store: Store; readonly nodes: NodeStore },
  { manifest, named, target, source }: Job,
  options: ExportGitOptions,
): Promise<ExportGitReport> {
  const objects = path.join(target.common, 'objects')
  const ids = GitObjectIds.open(objects)
  const map = readExportMap(target.common)
  const pack = new GitPackWriter(objects, (oid) => ids.has(oid))
  try {
    const exporter = new CommitExporter({ reader: store, nodes, source, ids, pack, map })
    const tips = named.map(({ commit }) => commit)
    await exportCommits(exporter, tips, options)
    const wanted = [...named, ...(options.all === true ? [] : await tagsOf(store, manifest, named, map))]
    const byOid = new Map<Oid, CommitCid[]>()
    for (const [cid, oid] of map) byOid.set(oid, [...(byOid.get(oid) ?? []), cid])
    const plans: RefPlan[] = []
    for (const { ref, commit, tag } of wanted) {
      const to = tag === null ? map.get(commit)! : await writeTag(store, pack, tag, map.get(commit)!)
      // Others may have exported to it too: a commit there can stand for several, of which not all are here.
      const isForward = async (from: Oid): Promise<boolean> => {
        for (const ours of byOid.get(from) ?? [])
          if ((await store.has([ours]))[0] === true && (await isAncestor(store, ours, commit))) return true
        return false
      }
      const isThere = (oid: Oid): boolean => ids.has(oid)
      plans.push(await planRef(ref, to, { source, force: options.force === true, isForward, isThere }))
    }
    const means = { store, nodes, manifest, source, pack, map, trees: exporter.trees }
    const notes =
      options.notes === false
        ? null
        : await planNotes({ ...means, force: options.force === true, signal: options.signal })
    if (notes !== null) plans.push(notes)
    const moving = plans.filter(({ state }) => state === 'new' || state === 'moved')
    const shown = moving.filter(({ ref }) => isCheckedOut(target, ref))
    const report = { commits: exporter.commits, objects: pack.count, refs: plans }
    await pack.finish()
    for (const plan of shown) await checkOutInGit(target, plan, options.environment ?? {})
    for (const plan of moving) await moveRef(source, target.common, plan)
    writeExportMap(target.common, map)
    return { ...report, skippedPaths: [...exporter.trees.skipped].sort() }
  } catch (error) {
    pack.abort()
    throw error
  }
}

async function exportCommits(
  exporter: CommitExporter,
  tips: readonly CommitCid[],
  { signal, onProgress }: ExportGitOptions,
): Promise<void> {
  const order = await exporter.toCome(tips, signal)
  for (const [done, cid] of order.entries()) {
    throwIfAborted(signal)
    await exporter.add(cid, signal)
    onProgress?.({ phase: 'exporting', done: done + 1, total: order.length, unit: 'commits' })
  }
}

async function wantedRefs(
  store: Store,
  { refs, head }: Manifest,
  { revisions = [], all = false }: ExportGitOptions,
): Promise<Wanted[]> {
  const names = all
    ? [...refs.keys()].filter((ref) => ref.startsWith(branchPrefix) || ref.startsWith(tagPrefix))
    : revisions.map((name) => {
        const ref = [branchPrefix + name, tagPrefix + name].find((one) => refs.has(one))
        if (ref !== undefined) return ref
        throw new VarveError('VARVE_REF_NOT_FOUND', `'${name}' is neither a branch nor a tag`, {
          data: { revision: name },
          hint: "Git keeps what has a name: make a branch or a tag of it, or export '--all'",
        })
      })
  if (!all && revisions.length === 0 && head !== null && refs.has(head)) names.push(head)
  if (names.length === 0) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'there is no branch with commits to export', {
      hint: "name a branch or a tag, or export '--all'",
    })
  }
  return Promise.all([...new Set(names)].sort().map((ref) => wantedOf(store, ref, refs.get(ref)!)))
}

async function wantedOf(store: Store, ref: string, cid: Cid): Promise<Wanted> {
  const tag = ref.startsWith(tagPrefix) ? await readTag(store, cid) : null
  return { ref, commit: tag?.target ?? cid, tag: tag === null ? null : cid }
}

/** Tags on commits that the named refs reach, as far as they are known to be there. */
async function tagsOf(
  store: Store,
  { refs }: Manifest,
  named: readonly Wanted[],
  exported: ReadonlyMap<CommitCid, Oid>,
): Promise<Wanted[]> {
  const known = new Set(named.map(({ ref }) => ref))
  const tags: Wanted[] = []
  for (const [ref, cid] of [...refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!ref.startsWith(tagPrefix) || known.has(ref)) continue
    const tag = await wantedOf(store, ref, cid)
    if (!exported.has(tag.commit)) continue
    for (const { commit } of named) {
      if (!(await isAncestor(store, tag.commit, commit))) continue
      tags.push(tag)
      break
    }
  }
  return tags
}

async function writeTag(store: Store, pack: GitPackWriter, cid: Cid, target: Oid): Promise<Oid> {
  const { name, tagger, message } = (await readTag(store, cid))!
  return pack.put('tag', encodeGitTag({ target, name, tagger, message: endedMessage(message) }))
}
