// What lost objects mean to people: which commits, branches and paths they take something from. What is told by path is
// told once, however many commits have it.
import type { Cid, CommitCid } from '../../encoding/cid.ts'
import { digestHex } from '../../encoding/cid.ts'
import { isVarveError } from '../../base/errors.ts'
import { readCommit, readTag } from '../../history/commit.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Taint } from '../../store/taint.ts'
import { type PathDamage, damageOfTree } from './damage.ts'
import { type Repo, indexBaseRef, indexRef } from '../interface.ts'

const commitsToldMax = 20

export interface Loss {
  /** null where it is not of one path. */
  readonly path: string | null
  readonly what: string
  /** Ids of commits, newest first of each branch, twenty at most; all are counted. */
  readonly commits: readonly string[]
  readonly commitCount: number
  /** Branches, tags and other refs that lead there: 'main', 'tags/v1', 'INDEX' (what is staged). */
  readonly refs: readonly string[]
}

export async function lossesOf(repo: Repo, manifest: Manifest, taint: Taint): Promise<Loss[]> {
  const losses = new Losses(repo, taint)
  for (const [ref, cid] of manifest.refs) if (taint.tainted.has(cid)) await losses.ofRef(ref, cid)
  return losses.all()
}

class Losses {
  readonly #repo: Repo
  readonly #taint: Taint
  readonly #found = new Map<string, { damage: PathDamage; commits: Set<string>; refs: Set<string> }>()
  readonly #trees = new Map<Cid, PathDamage[]>()

  constructor(repo: Repo, taint: Taint) {
    this.#repo = repo
    this.#taint = taint
  }

  all(): Loss[] {
    return [...this.#found.values()].map(({ damage, commits, refs }) => ({
      path: damage.path,
      what: damage.what,
      commits: [...commits].slice(0, commitsToldMax),
      commitCount: commits.size,
      refs: [...refs].sort(),
    }))
  }

  async ofRef(ref: string, cid: Cid): Promise<void> {
    const name = ref.startsWith('refs/') ? shortRefName(ref) : ref
    try {
      if (ref === indexRef || ref === indexBaseRef) await this.#ofTree(cid, name, null)
      else if (ref.startsWith('refs/') || ref === 'HEAD') await this.#ofCommits(cid, name)
      else this.#add({ path: null, entry: null, what: `the state '${name}'` }, name, null)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      this.#add({ path: null, entry: null, what: `what '${name}' names` }, name, null)
    }
  }

  async #ofCommits(tip: Cid, name: string): Promise<void> {
    const queue: CommitCid[] = [this.#taint.lost.has(tip) ? tip : await this.#peeled(tip)]
    const seen = new Set(queue)
    for (let at = 0; at < queue.length; at++) {
      const cid = queue[at]!
      if (this.#taint.lost.has(cid)) {
        const what = 'the commit itself, and what only it leads to'
        this.#add({ path: null, entry: null, what }, name, cid)
        continue
      }
      const { tree, parents } = await readCommit(this.#repo.store, cid)
      await this.#ofTree(tree, name, cid)
      for (const parent of parents) {
        if (seen.has(parent) || !this.#taint.tainted.has(parent)) continue
        seen.add(parent)
        queue.push(parent)
      }
    }
  }

  async #peeled(tip: Cid): Promise<CommitCid> {
    return (await readTag(this.#repo.store, tip))?.target ?? tip
  }

  async #ofTree(root: Cid, name: string, commit: CommitCid | null): Promise<void> {
    let damages = this.#trees.get(root)
    if (damages === undefined) {
      damages = []
      for await (const damage of damageOfTree(this.#repo.nodes, root, this.#taint)) damages.push(damage)
      this.#trees.set(root, damages)
    }
    for (const damage of damages) this.#add(damage, name, commit)
  }

  #add(damage: PathDamage, ref: string, commit: CommitCid | null): void {
    const key = `${damage.path ?? ''}\0${damage.what}`
    let found = this.#found.get(key)
    if (found === undefined) this.#found.set(key, (found = { damage, commits: new Set(), refs: new Set() }))
    found.refs.add(ref)
    if (commit !== null) found.commits.add(digestHex(commit))
  }
}
