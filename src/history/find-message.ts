// The newest commit with a text in its message, as ':/text' and 'REV^{/text}' name it.
import type { ObjectReader } from '../store/interface.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { walkCommits } from './ancestry.ts'

/** Of the commits that `from` reach; null where none of them has it. Letters count as they are written. */
export async function findByMessage(
  reader: ObjectReader,
  from: readonly CommitCid[],
  text: string,
): Promise<CommitCid | null> {
  for await (const { cid, message } of walkCommits(reader, from)) if (message.includes(text)) return cid
  return null
}
