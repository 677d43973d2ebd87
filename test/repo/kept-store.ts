// A memory store with a cache of the test's: what is kept is there to be looked at, damaged and taken away.
import type { DerivedCache, Store } from '../../src/store/interface.ts'
import { WrappedStore } from '../remote/wrapped-store.ts'

export class KeptStore extends WrappedStore {
  readonly files: Map<string, Uint8Array>
  readonly cache: DerivedCache

  constructor(inner: Store, files: Map<string, Uint8Array> = new Map()) {
    super(inner, {})
    this.files = files
    this.cache = {
      // Copies, as files are.
      read: (name) => files.get(name)?.slice() ?? null,
      write: (name, bytes) => void files.set(name, bytes.slice()),
    }
  }
}
