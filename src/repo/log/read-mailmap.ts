// The dataset's .mailmap: as the folder has it now, or without a folder as HEAD has it; and what is to be read beside it.
import { concatBytes } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { Tree } from '../../files/tree.ts'
import { Mailmap, mailmapFile } from '../../history/mailmap.ts'
import { textFromBytes } from '../../files/text.ts'
import { splitRevisionPath } from '../../history/revision.ts'
import { readHead } from '../head.ts'
import { namedEntry } from '../named-tree.ts'
import type { Folder, Repo } from '../interface.ts'

/** What is longer is none. */
const mailmapBytesMax = 256 << 10

export interface MailmapOptions {
  /** A file of a commit to read as well: 'REV:PATH'. */
  readonly blob?: string | undefined
  /** And more lines: what they say counts before the rest. */
  readonly more?: string | undefined
}

/** Empty where there is none. */
export async function readMailmap(
  repo: Repo,
  folder: Folder | null,
  { blob, more }: MailmapOptions = {},
): Promise<Mailmap> {
  const own = folder === null ? await committed(repo) : folder.smallText(mailmapFile)
  const named = blob === undefined ? null : await committedAs(repo, blob)
  return Mailmap.parse([own, named, more].map((text) => text ?? '').join('\n'))
}

async function committed(repo: Repo): Promise<string | null> {
  const { commit } = await readHead(repo.store, await repo.store.manifest())
  return commit === null
    ? null
    : textOf(repo, await (await Tree.load(repo.nodes, commit.tree)).get(mailmapFile))
}

/** A file that is not there says nothing, as in Git. */
async function committedAs(repo: Repo, named: string): Promise<string | null> {
  const { revision, path } = splitRevisionPath(named)
  if (path === null) return null
  const entry = await namedEntry(repo, revision || 'HEAD', path, await repo.store.manifest()).catch(
    (error: unknown) => {
      if (isVarveError(error, 'VARVE_PATH_NOT_FOUND') || isVarveError(error, 'VARVE_REF_NOT_FOUND'))
        return null
      throw error
    },
  )
  return textOf(repo, entry)
}

async function textOf({ nodes }: Repo, entry: TreeEntry | null): Promise<string | null> {
  if (entry?.kind !== 'file' || entry.size > mailmapBytesMax) return null
  const parts = await collect(readFile(nodes, entry))
  return textFromBytes(concatBytes(parts.map((part) => part.slice())))
}
