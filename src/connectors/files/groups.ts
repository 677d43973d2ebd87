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
  if (isUnclear) return { files, trouble: clash(name, files, single[0]!) }
  return { files, trouble: broken === undefined ? null : `'${broken.path}' ${broken.trouble!}` }
}

/** Nobody knows which is the newer one, or whether both hold a part. */
function clash(name: string, files: readonly string[], first: string): string {
  const second = files.find((path) => path !== first)!
  const more = files.length > 2 ? ` (and ${files.length - 2} more)` : ''
  const advice = `leave one of them there, or put them into the folder '${name}/' if together they are the table`
  return `'${first}' and '${second}'${more} would both be the table '${name}': ${advice}`
}
