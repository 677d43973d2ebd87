// Webhooks that come in, as an endpoint: a sender that cannot be asked for its rows, only listened to. The log is all there
// is, and it lies in a file of this machine (file.ts).
import { VarveError } from '../../base/errors.ts'
import type { Connector, ConnectorOptions } from '../interface.ts'
import type { InboxTable } from '../../dataset/interface.ts'
import { type ItemTable, itemTable } from '../json/item-table.ts'
import { inboxPath } from './address.ts'
import { InboxFile } from './file.ts'
import { InboxLog } from './log.ts'
import { WaitingHooks } from './waiting-hooks.ts'

export async function openInbox(url: string, { inbox = [] }: ConnectorOptions): Promise<Connector> {
  const file = await InboxFile.open(inboxPath(url))
  const hooks = new WaitingHooks(file)
  const tables: ItemTable<InboxTable>[] = []
  const log = new InboxLog({ location: url, hooks, tables })
  return {
    location: url,
    identity: async () => `inbox:${(await hooks.state()).id}`,
    discover(names = inbox.map(({ table }) => table)) {
      const found = names.map((name) =>
        itemTable<InboxTable>(inbox.find(({ table }) => table === name) ?? { table: name }),
      )
      for (const table of found) {
        const at = tables.findIndex(({ name }) => name === table.name)
        tables.splice(at < 0 ? tables.length : at, at < 0 ? 0 : 1, table)
      }
      return Promise.resolve(found)
    },
    snapshot: () => Promise.reject(onlyTold(url)),
    checkpoint: () => Promise.resolve(null),
    takeOver: () => Promise.reject(onlyTold(url)),
    apply: () => Promise.reject(onlyTold(url)),
    log,
    close: () => {
      file.close()
      return Promise.resolve()
    },
  }
}

function onlyTold(url: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${url}' cannot be asked for rows, nor written to`, {
    data: { url },
    hint: 'its sender only sends changes, so it cannot be read or written',
  })
}
