// Branches and tags as plain data: ids as hex.
import type { Cid } from '../encoding/cid.ts'
import type { Branch } from '../repo/branches.ts'
import type { RefDetails as EngineDetails } from '../repo/ref-sort.ts'
import type { TagListing } from '../repo/tags.ts'
import { idOf } from './info.ts'
import type { BranchInfo, RefDetails, TagInfo } from './ref-interface.ts'

export function branchInfo({ details, commit, ...branch }: Branch): BranchInfo {
  return { ...branch, commit: idOf(commit), ...detailsOf(details) }
}

export function tagInfo({ details, commit, ...tag }: TagListing): TagInfo {
  return { ...tag, commit: idOf(commit), ...detailsOf(details) }
}

function detailsOf(details: EngineDetails<Cid> | undefined): { readonly details?: RefDetails } {
  return details === undefined ? {} : { details: { ...details, object: idOf(details.object) } }
}
