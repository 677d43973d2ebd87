// Whether the independent reader of the format (test/format/) reads all commits of a repository, and what its refs hold now.
import { readContent, readPathTree } from '../format/files.ts'
import { readCommit, readTag } from '../format/history.ts'
import { render } from '../format/render.ts'
import { readTable } from '../format/tables.ts'
import { StoredRepository } from '../format/repository.ts'
import { decode, fields } from '../format/bytes.ts'

/** Why it does not, or null. */
export function refusal(folder: string): string | null {
  try {
    const repository = new StoredRepository(folder)
    const seen = new Set<string>()
    const trees = new Set<string>()
    const queue = [...repository.refs.values()]
    const tips = new Set(queue)
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      if ('object' in fields(decode(repository.object(name), 'an object'), 'an object')) {
        const { object } = readTag(repository, name)
        tips.add(object)
        queue.push(object)
        continue
      }
      const commit = readCommit(repository, name)
      queue.push(...commit.parents)
      if (!tips.has(name)) continue
      if (trees.has(commit.tree)) continue
      trees.add(commit.tree)
      // Where a file is cut means nothing to its reader.
      for (const [, entry] of readPathTree(repository, commit.tree)) {
        if (entry.kind === 'file') readContent(repository, entry.content!, entry.size)
        else if (entry.kind === 'table') render(readTable(repository, entry.content!))
      }
    }
    return null
  } catch (error) {
    return String(error)
  }
}
