// What stands in '@{…}': '@{1}' and '@{yesterday}', where a ref has been; '@{upstream}' and '@{push}', the branch of a remote that
// belongs to it; '@{-1}', where HEAD was before.
import { VarveError } from '../base/errors.ts'
import { counted } from '../base/size.ts'
import type { Manifest } from '../store/interface.ts'
import { placeLeft, refAt, refBefore } from './ref-past.ts'
import { branchPrefix, remotePrefix, shortRefName } from './refs.ts'
import type { Revisions, Target } from './revision-name.ts'

/** `what`: the text between the braces. @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE */
export async function resolveAt(
  store: Revisions,
  manifest: Manifest,
  ref: string | null,
  what: string,
  revision: string,
): Promise<Target> {
  if (ref === null) throw notSuch(revision)
  if (['upstream', 'u'].includes(what.toLowerCase())) return upstreamOf(manifest, ref)
  if (what.toLowerCase() === 'push') return pushTargetOf(manifest, ref)
  // As in Git, a number of nine digits is a time: seconds since 1970.
  if (/^\d{1,8}$/.test(what)) return refBefore(store, manifest, ref, Number(what), revision)
  const then = await refAt(store, manifest, ref, what, revision)
  if (then === null) throw notSuch(revision)
  return then
}

/** Whether it asks for where a ref has been, which of HEAD is its own matter and not that of its branch. */
export function isOfThePast(step: string): boolean {
  return step.startsWith('@{') && !/^@\{(u|upstream|push)\}$/i.test(step)
}

/** '@{-N}'. @throws VarveError VARVE_REF_NOT_FOUND where HEAD has not been switched so often */
export async function placeBefore(
  store: Revisions,
  manifest: Manifest,
  switches: number,
  revision: string,
): Promise<Target> {
  if (switches === 0) throw notSuch(revision)
  const found = await placeLeft(store, manifest, switches)
  if (found !== null) return found
  const often = switches === 1 ? '' : ` ${counted(switches, 'time')}`
  throw new VarveError(
    'VARVE_REF_NOT_FOUND',
    `there is no branch to go back to: HEAD was not switched${often}`,
    {
      data: { revision },
      hint: "'varve branch' lists branches, 'varve switch NAME' goes to one",
    },
  )
}

function notSuch(revision: string): VarveError {
  return new VarveError('VARVE_USAGE', `'${revision}' is not a revision`, {
    hint: "write 'main@{1}', 'main@{2 days ago}', 'main@{2026-11-23 14:35}', '@{-1}' for the branch before, '@{upstream}' or '@{push}'",
  })
}

function upstreamOf(manifest: Manifest, ref: string): Target {
  const branch = shortRefName(ref)
  const upstream = manifest.config.get(`branch.${branch}.upstream`)
  const target = upstream === undefined ? undefined : manifest.refs.get(upstream)
  if (target !== undefined) return { ref: upstream!, target }
  throw new VarveError('VARVE_REF_NOT_FOUND', `branch '${branch}' has no upstream`, {
    hint: `set one with 'varve push -u origin ${branch}'`,
  })
}

/** Where a push of the branch arrives: the branch of the same name, of the upstream's remote or else of the one that there is. */
function pushTargetOf({ config, refs }: Manifest, ref: string): Target {
  const branch = shortRefName(ref)
  const remotes = [...config.keys()].flatMap((key) => /^remote\.(.+)\.url$/.exec(key)?.[1] ?? [])
  const upstream = config.get(`branch.${branch}.upstream`)
  const followed = remotes.find((name) => upstream?.startsWith(`${remotePrefix}${name}/`) === true)
  const remote = followed ?? (remotes.length === 1 ? remotes[0]! : 'origin')
  const there = `${remotePrefix}${remote}/${branch}`
  const target = ref.startsWith(branchPrefix) ? refs.get(there) : undefined
  if (target !== undefined) return { ref: there, target }
  throw new VarveError('VARVE_REF_NOT_FOUND', `'${branch}' has not been pushed to '${remote}'`, {
    hint: `push it with 'varve push -u ${remote} ${branch}'`,
  })
}
