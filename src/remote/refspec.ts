// What to push where, as git spells it: 'main', 'main:other', ':gone' (delete), '+main' (forced), 'refs/tags/v1',
// 'refs/notes/commits'.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { branchPrefix, checkRefName, notesRef, shortRefName, tagPrefix } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Manifest, Store } from '../store/interface.ts'

/** One ref of the remote and what it shall become. */
export interface PushTarget {
  /** Full name on the remote. */
  readonly ref: string
  /** null deletes. */
  readonly target: Cid | null
  /** The local ref it comes from, if it is one. */
  readonly source: string | null
  readonly force: boolean
  /** What the remote must still have there, then it may be anything else afterwards; null: nothing. undefined: it has to descend from that. */
  readonly lease?: Cid | null | undefined
}

/** Whether they bring something, and do not only delete: then a push may make the repository over there. @throws VarveError VARVE_REF_NOT_FOUND, where it is not here */
export async function haveUpdates(
  local: Store,
  manifest: Manifest,
  refspecs: readonly string[],
): Promise<boolean> {
  const bringing = refspecs.filter((spec) => !/^\+?:/.test(spec))
  if (bringing.length === 0 && refspecs.length > 0) return false
  await readRefspecs(local, manifest, manifest, bringing)
  return true
}

/** What to push where. Without any refspec it is the current branch. */
export async function readRefspecs(
  local: Store,
  localManifest: Manifest,
  remoteManifest: Manifest,
  refspecs: readonly string[],
): Promise<PushTarget[]> {
  const specs = refspecs.length > 0 ? refspecs : [currentBranch(localManifest)]
  const targets = new Map<string, PushTarget>()
  for (const spec of specs) {
    const target = await readRefspec(local, localManifest, remoteManifest, spec)
    if (targets.has(target.ref)) {
      throw new VarveError('VARVE_USAGE', `'${shortRefName(target.ref)}' is pushed to twice`, {
        data: { refspecs },
        hint: 'leave out one of the two',
      })
    }
    targets.set(target.ref, target)
  }
  return [...targets.values()]
}

async function readRefspec(
  local: Store,
  localManifest: Manifest,
  remoteManifest: Manifest,
  spec: string,
): Promise<PushTarget> {
  const [, plus, from, to] = /^(\+?)([^:]*)(?::([^:]*))?$/.exec(spec) ?? []
  const force = plus === '+'
  if (from === undefined || (from === '' && (to ?? '') === '') || to === '') {
    throw new VarveError('VARVE_USAGE', `'${spec}' is not a refspec`, {
      hint: "write 'BRANCH', 'BRANCH:OTHER', or ':BRANCH' to delete",
    })
  }
  if (from === '') return { ref: existingRef(remoteManifest, to!), target: null, source: null, force }
  const isHead = from === 'HEAD' || from === '@'
  // A detached HEAD is a commit as any other, if it is said where it shall go.
  const name =
    isHead && to === undefined ? currentBranch(localManifest) : isHead ? (localManifest.head ?? 'HEAD') : from
  const source = [name, branchPrefix + name, tagPrefix + name].find(
    (ref) => isPushable(ref) && localManifest.refs.has(ref),
  )
  if (source !== undefined) {
    const ref =
      to === undefined ? source : fullName(to, source.startsWith(tagPrefix) ? tagPrefix : branchPrefix)
    if ((source === notesRef) !== (ref === notesRef)) throw notesElsewhere(spec)
    return { ref, target: localManifest.refs.get(source)!, source, force }
  }
  const isUnborn = name === localManifest.head
  const { commit } = await resolveRevision(local, isUnborn ? 'HEAD' : name, localManifest)
  if (to === undefined) {
    throw new VarveError('VARVE_USAGE', `'${from}' is neither a branch nor a tag`, {
      hint: `say which branch of the remote it shall become: '${from}:BRANCH'`,
    })
  }
  const ref = fullName(to, branchPrefix)
  if (ref === notesRef) throw notesElsewhere(spec)
  return { ref, target: commit, source: null, force }
}

function notesElsewhere(spec: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${spec}' would make notes of a branch, or a branch of notes`, {
    hint: `notes are pushed as they are: '${notesRef}'`,
  })
}

function currentBranch(manifest: Manifest): string {
  if (manifest.head !== null) return manifest.head
  throw new VarveError('VARVE_USAGE', 'HEAD is detached: there is no current branch to push', {
    hint: "name one: 'varve push origin HEAD:BRANCH'",
  })
}

function fullName(name: string, prefix: string): string {
  const ref = name.startsWith('refs/') ? name : prefix + name
  if (!isPushable(ref)) {
    throw new VarveError('VARVE_REFUSED', `'${name}' is neither a branch nor a tag`, {
      data: { ref },
      hint: `only refs/heads/…, refs/tags/… and ${notesRef} can be pushed`,
    })
  }
  if (ref !== notesRef) checkRefName(shortRefName(ref), ref.startsWith(tagPrefix) ? 'tag' : 'branch')
  return ref
}

function existingRef(remoteManifest: Manifest, name: string): string {
  const ref = [name, branchPrefix + name, tagPrefix + name].find(
    (full) => isPushable(full) && remoteManifest.refs.has(full),
  )
  if (ref !== undefined) return ref
  throw new VarveError('VARVE_REF_NOT_FOUND', `the remote has no branch or tag '${name}' to delete`, {
    data: { name },
    hint: "'varve fetch --prune' and 'varve branch -r' show which branches it has",
  })
}

function isPushable(ref: string): boolean {
  return ref.startsWith(branchPrefix) || ref.startsWith(tagPrefix) || ref === notesRef
}
