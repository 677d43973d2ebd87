// The dataset's .mailmap: as the folder has it now, or without a folder as HEAD has it.
import { concatBytes } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import { readFile } from '../../files/read.ts'
import { Tree } from '../../files/tree.ts'
import { Mailmap, mailmapFile } from '../../history/mailmap.ts'
import { textFromBytes } from '../../files/text.ts'
import { readHead } from '../head.ts'
import type { Folder, Repo } from '../interface.ts'

/** What is longer is none. */
const mailmapBytesMax = 256 << 10

/** Empty where there is none. */
export async function readMailmap(repo: Repo, folder: Folder | null): Promise<Mailmap> {
  return Mailmap.parse((folder === null ? await committed(repo) : folder.smallText(mailmapFile)) ?? '')
}

async function committed({ store, nodes }: Repo): Promise<string | null> {
  const { commit } = await readHead(store, await store.manifest())
  const entry = commit === null ? null : await (await Tree.load(nodes, commit.tree)).get(mailmapFile)
  if (entry?.kind !== 'file' || entry.size > mailmapBytesMax) return null
  const parts = await collect(readFile(nodes, entry))
  return textFromBytes(concatBytes(parts.map((part) => part.slice())))
}
