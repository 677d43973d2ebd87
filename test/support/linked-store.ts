// A link's rounds over a store that is killed at one of its manifests: from then on nothing is written any more.
import { createContext } from '../../src/repo/context.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import type { ShopLink } from './shop-link.ts'

export interface ManifestCut {
  /** From 1. */
  readonly manifest: number
  readonly when: 'before' | 'after'
}

export function linkedIn(shop: ShopLink, { manifest, when }: ManifestCut): { sync(): Promise<Receipt> } {
  let left = manifest
  const store = new Proxy(shop.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'update') return value.bind(target) as unknown
      return async (...args: unknown[]) => {
        left--
        if (left < 0 || (left === 0 && when === 'before')) throw new Error('killed')
        const made: unknown = await Reflect.apply(value, target, args)
        if (left === 0) throw new Error('killed')
        return made
      }
    },
  })
  return {
    async sync() {
      const connector = await openLink(shop.link)
      const repo = createContext(store, { author: { name: 'Ada', email: 'ada@example.org' } })
      try {
        return await syncRound({ repo, folder: null, connector, link: shop.link, options: {} })
      } finally {
        await connector.close()
      }
    },
  }
}
