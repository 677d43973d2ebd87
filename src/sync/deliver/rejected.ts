// The rows that wait after a round because the receiver refuses them, with its words: of this round, or of the one in which
// it was asked last.
import { fromHex } from '../../base/bytes.ts'
import type { Path } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { keyText } from '../../table/key.ts'
import type { HeldBack } from '../interface.ts'
import { lastReceipt } from '../receipts/log.ts'
import type { DeliverRound } from './deliver.ts'
import type { Steps } from './steps.ts'
import { deliveredTable } from './tables.ts'
import { waitingRows } from './withheld.ts'

export async function rejectedRows(
  { repo, link }: DeliverRound,
  io: Io,
  { last, refused }: Pick<Steps, 'last' | 'refused'>,
  paths: readonly Path[],
): Promise<HeldBack[]> {
  const words = new Map<string, string>()
  const before = (await lastReceipt(repo, link.name))?.heldBack ?? []
  for (const { path, keyHex, reason, message } of before)
    if (reason === 'rejected') words.set(`${keyHex} ${path}`, message)
  for (const { row, message } of refused) words.set(`${row.keyHex} ${row.table}`, message)
  const rows: HeldBack[] = []
  for (const path of paths) {
    const keys = await waitingRows(io, last, path)
    if (keys.size === 0) continue
    const table = (await deliveredTable(io, last!.told, path))!
    for (const keyHex of keys) {
      const message = words.get(`${keyHex} ${path}`) ?? 'it was refused before'
      const key = keyText(table.schema, fromHex(keyHex))
      rows.push({ table: path, path, key, keyHex, reason: 'rejected', message })
    }
  }
  return rows
}
