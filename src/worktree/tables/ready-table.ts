// What `track` made of a file that no index has yet. `add` takes it over instead of reading the file once more, as long as
// file, setting and store are as they were: no gc may have come in between, for nothing refers to the table yet.
import { type Cid, isCid } from '../../encoding/cid.ts'
import type { TableSetting } from '../../dataset/interface.ts'
import { type FileStat, isRacy, sameStat } from '../file-stat.ts'

export interface ReadyTable {
  readonly table: Cid
  readonly setting: TableSetting
  readonly stat: FileStat
  /** The clock before the file was read. */
  readonly knownAtMs: number
  /** The epoch of the store in which the table's objects are. */
  readonly gcEpoch: number
}

export function isReadyFor(
  ready: ReadyTable,
  now: { readonly setting: TableSetting; readonly stat: FileStat; readonly gcEpoch: number },
): boolean {
  const { key, format } = now.setting
  return (
    ready.gcEpoch === now.gcEpoch &&
    sameStat(ready.stat, now.stat) &&
    !isRacy(ready.stat, ready.knownAtMs) &&
    ready.setting.format === format &&
    ready.setting.key.length === key.length &&
    ready.setting.key.every((name, i) => name === key[i])
  )
}

export function encodeReady(ready: ReadyTable): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(ready))
}

/** null for what does not read: the cache that it is kept in is disposable. */
export function decodeReady(bytes: Uint8Array): ReadyTable | null {
  try {
    const ready = JSON.parse(new TextDecoder().decode(bytes)) as ReadyTable
    const isSound =
      isCid(ready.table) && Array.isArray(ready.setting.key) && typeof ready.stat.size === 'number'
    return isSound ? ready : null
  } catch {
    return null
  }
}
