// One round of a link, over a connection of its own.
import { createContext } from '../../src/repo/context.ts'
import type { Store } from '../../src/store/interface.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'

export const author = { name: 'Ada', email: 'ada@example.org' }

export async function oneRound(
  store: Store,
  link: Link,
  environment?: Readonly<Record<string, string>>,
  options: SyncOptions = {},
): Promise<Receipt> {
  const connector = await openLink(link, { environment })
  try {
    const repo = createContext(store, { author })
    return await syncRound({ repo, folder: null, connector, link, options })
  } finally {
    await connector.close()
  }
}
