// Branches and tags of a Git repository as an export moves them: forward alone, unless it is told to force, and only from
// what they were when it looked. A tag that is there already stays.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import { branchPrefix, shortRefName } from '../history/refs.ts'
import type { Oid } from './git-objects.ts'
import type { GitSource } from './git-source.ts'

export interface RefPlan {
  readonly ref: string
  /** null: it is not there. */
  readonly from: Oid | null
  readonly to: Oid
  /** 'ahead': it has commits on top, and stays; 'kept': a tag that is there as something else. */
  readonly state: 'new' | 'moved' | 'same' | 'ahead' | 'kept'
}

export interface RefFacts {
  readonly source: GitSource
  readonly force: boolean
  /** Whether what the branch is there comes before what it is here. */
  readonly isForward: (from: Oid) => Promise<boolean>
  /** Whether the commit was there before. */
  readonly isThere: (oid: Oid) => boolean
}

/** @throws VarveError VARVE_REFUSED where commits would be lost, VARVE_NOT_POSSIBLE for a name that cannot be */
export async function planRef(ref: string, to: Oid, facts: RefFacts): Promise<RefPlan> {
  const { source, force } = facts
  const from = await source.ref(ref)
  if (from === null) await refuseNested(source, ref)
  if (from === null || from === to) return { ref, from, to, state: from === null ? 'new' : 'same' }
  if (force) return { ref, from, to, state: 'moved' }
  if (!ref.startsWith(branchPrefix)) return { ref, from, to, state: 'kept' }
  if (await facts.isForward(from)) return { ref, from, to, state: 'moved' }
  if (facts.isThere(to) && (await reaches(source, from, to))) return { ref, from, to, state: 'ahead' }
  throw new VarveError('VARVE_REFUSED', `branch '${shortRefName(ref)}' there has commits that are not here`, {
    data: { ref, there: from, here: to },
    hint: "bring them in with 'varve import git' and merge, or leave them behind with '--force'",
  })
}

/** 'a' and 'a/b' cannot both be names: each ref may be a file. */
async function refuseNested(source: GitSource, ref: string): Promise<void> {
  const other = (await source.refs()).find((name) => name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`))
  if (other === undefined) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${ref}' cannot be beside '${other}' in the Git repository`, {
    hint: 'rename one of the two',
  })
}

async function reaches(source: GitSource, from: Oid, wanted: Oid): Promise<boolean> {
  const seen = new Set<Oid>([from])
  for (const oid of seen) {
    if (oid === wanted) return true
    for (const parent of (await source.commit(oid)).parents) seen.add(parent)
  }
  return false
}

/** As git does it: a lock file beside the ref, which is renamed over it. */
export async function moveRef(source: GitSource, common: string, { ref, from, to }: RefPlan): Promise<void> {
  const file = path.join(common, ref)
  const lock = `${file}.lock`
  fs.mkdirSync(path.dirname(file), { recursive: true })
  try {
    fs.writeFileSync(lock, `${to}\n`, { flag: 'wx', flush: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${ref}' is locked in the Git repository`, {
      hint: `if no git is running there, remove '${lock}'`,
      cause,
    })
  }
  try {
    if ((await source.ref(ref)) !== from) {
      throw new VarveError('VARVE_REFUSED', `'${ref}' moved in the Git repository during the export`, {
        hint: 'export again',
      })
    }
    // Git leaves empty folders behind where refs were.
    if (fs.existsSync(file) && fs.statSync(file).isDirectory()) fs.rmdirSync(file)
    fs.renameSync(lock, file)
  } finally {
    fs.rmSync(lock, { force: true })
  }
}
