// What a branch is protected by, as the repository's settings say: `branch.PATTERN.protect = fast-forward` (never moved
// back, never deleted) and `branch.PATTERN.requireChecks = a,b` (moves only to commits for which these checks have been
// reported as successful; deleted never). There is no way around it for anybody: change the setting first.
import { VarveError } from '../../base/errors.ts'
import { digestHex } from '../../encoding/cid.ts'
import { branchPrefix, notesRef, shortRefName } from '../../history/refs.ts'
import type { RefUpdate } from '../../remote/interface.ts'
import { matchesPattern } from './patterns.ts'
import type { CheckResult } from '../checks.ts'

export interface Protection {
  /** A pattern of branches' names. */
  readonly branch: string
  readonly protect: 'fast-forward' | null
  readonly requireChecks: readonly string[]
}

export function protectionsIn(config: ReadonlyMap<string, string>): Protection[] {
  const found = new Map<string, Protection>()
  for (const [key, value] of config) {
    const [, branch, setting] = /^branch\.(.+)\.(protect|requireChecks)$/.exec(key) ?? []
    if (branch === undefined) continue
    const known = found.get(branch) ?? { branch, protect: null, requireChecks: [] }
    const names = value.split(',').flatMap((name) => name.trim() || [])
    // Whatever it says: a branch that somebody meant to protect is protected.
    found.set(
      branch,
      setting === 'protect' ? { ...known, protect: 'fast-forward' } : { ...known, requireChecks: names },
    )
  }
  return [...found.values()].sort((a, b) => (a.branch < b.branch ? -1 : 1))
}

/** The settings that express the protection; null removes one. */
export function protectionSettings({
  branch,
  protect,
  requireChecks,
}: Protection): Map<string, string | null> {
  return new Map([
    [`branch.${branch}.protect`, protect],
    [`branch.${branch}.requireChecks`, requireChecks.length === 0 ? null : requireChecks.join(',')],
  ])
}

/** Where a pattern means them too ('*', 'refs/notes/*'), notes only move forward; checks are about branches alone. */
function checkNotes(update: RefUpdate, protections: readonly Protection[]): void {
  if (update.after !== null && !update.forced) return
  if (!protections.some((one) => matchesPattern(one.branch, notesRef))) return
  throw new VarveError('VARVE_REFUSED', 'the notes are protected: they only move forward', {
    data: { ref: update.ref },
    hint: "run 'varve fetch' and 'varve notes merge', then push without --force",
  })
}

/** @throws VarveError VARVE_REFUSED, saying what is missing */
export function checkProtections(
  updates: readonly RefUpdate[],
  config: ReadonlyMap<string, string>,
  checksOf: (commit: string) => readonly CheckResult[],
): void {
  const protections = protectionsIn(config)
  for (const update of updates) {
    if (update.ref === notesRef) checkNotes(update, protections)
    if (!update.ref.startsWith(branchPrefix)) continue
    const branch = shortRefName(update.ref)
    const mine = protections.filter((one) => matchesPattern(one.branch, branch))
    if (mine.length === 0) continue
    if (update.after === null || update.forced) {
      throw new VarveError('VARVE_REFUSED', `branch '${branch}' is protected: it only moves forward`, {
        data: { ref: update.ref },
        hint: 'push a commit that builds on it',
      })
    }
    const required = [...new Set(mine.flatMap(({ requireChecks }) => requireChecks))]
    const commit = digestHex(update.after)
    const results = new Map(checksOf(commit).map((result) => [result.name, result.state]))
    const lacking = required.filter((name) => results.get(name) !== 'success')
    if (lacking.length === 0) continue
    const states = lacking.map((name) => `${name} (${results.get(name) ?? 'not reported'})`)
    throw new VarveError('VARVE_REFUSED', `branch '${branch}' requires checks: ${states.join(', ')}`, {
      data: { ref: update.ref, commit, checks: lacking },
      hint: 'push the commit to another branch, let the checks run on it, then push it here',
    })
  }
}
