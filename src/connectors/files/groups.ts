// Which files make which tables: 'people.csv' is the table 'people', and all of 'orders/*.csv' the table 'orders'.
import { compareBytes, utf8 } from '../../base/bytes.ts'
import { tableNameOf } from './file-name.ts'
import type { ListedFile } from './interface.ts'

export interface FileGroup {
  /** By name, so that a later file's rows take the place of an earlier one's. */
  readonly files: readonly string[]
  /** Why the table waits. */
  readonly trouble: string | null
}

export function groupFiles(files: readonly ListedFile[]): Map<string, FileGroup> {
  const groups = new Map<string, ListedFile[]>()
  for (const file of files) {
    const name = tableNameOf(file.path)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [file])
    else group.push(file)
  }
  return new Map([...groups].map(([name, group]) => [name, groupOf(name, group)]))
}

function groupOf(name: string, group: readonly ListedFile[]): FileGroup {
  const sorted = group.toSorted((a, b) => compareBytes(utf8(a.path), utf8(b.path)))
  const files = sorted.map(({ path }) => path)
  const single = files.filter((path) => !path.includes('/'))
  const broken = sorted.find(({ trouble }) => trouble !== undefined)
  const isUnclear = single.length > 0 && files.length > 1
  if (isUnclear)
    return { files, trouble: `'${single[0]!}' and '${other(files, single[0]!)}' are both called '${name}'` }
  return { files, trouble: broken === undefined ? null : `'${broken.path}' ${broken.trouble!}` }
}

function other(files: readonly string[], first: string): string {
  return files.find((path) => path !== first)!
}
