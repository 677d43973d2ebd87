// Where pages of comparisons go on: between the same two commits, at a path, or behind so many rows or hunks of one.
import type { Ends, PathPlace } from './comparison.ts'
import { Cursors, checkPinned, commitPart, numberPart, pathPart } from './cursor.ts'
import type { Exchange } from '../interface.ts'

const paths = new Cursors<[from: string, to: string, path: string, skip: number]>(
  'paths',
  commitPart,
  commitPart,
  pathPart,
  numberPart,
)
const changes = new Cursors<[from: string, to: string, skip: number]>(
  'changes',
  commitPart,
  commitPart,
  numberPart,
)

export function pathCursor({ from, to }: Ends, { path, skip }: PathPlace): string {
  return paths.write(from, to, path, skip)
}

export async function pathsRead({
  query,
  repository,
}: Exchange): Promise<{ readonly ends: Ends; readonly at: PathPlace } | null> {
  const given = paths.read(query)
  if (given === null) return null
  const [from, to, path, skip] = given
  await checkPinned(repository(), from, to)
  return { ends: { from, to }, at: { path, skip } }
}

export function changesCursor({ from, to }: Ends, skip: number): string {
  return changes.write(from, to, skip)
}

export async function changesRead({
  query,
  repository,
}: Exchange): Promise<{ readonly ends: Ends; readonly skip: number } | null> {
  const given = changes.read(query)
  if (given === null) return null
  const [from, to, skip] = given
  await checkPinned(repository(), from, to)
  return { ends: { from, to }, skip }
}
