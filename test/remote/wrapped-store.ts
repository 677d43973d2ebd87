// A store around another one that counts what is asked of it, and can fail or lie: what tests need to know of a remote.
import type { Cid, Codec } from '../../src/encoding/cid.ts'
import type {
  Manifest,
  ManifestChange,
  ObjectReader,
  ObjectWriter,
  PackedObjects,
  PutOptions,
  Store,
  StoredObject,
  UpdateOptions,
} from '../../src/store/interface.ts'

export interface Hooks {
  /** Runs before every call; may throw. */
  call?(name: string): void
  get?(cids: readonly Cid[], objects: Uint8Array[]): Uint8Array[]
  getStored?(objects: StoredObject[]): StoredObject[]
  manifest?(manifest: Manifest): Manifest
}

class WrappedReader implements ObjectReader {
  protected readonly inner: ObjectReader
  protected readonly hooks: Hooks
  readonly read: Set<Cid> = new Set()
  calls: number = 0

  constructor(inner: ObjectReader, hooks: Hooks) {
    this.inner = inner
    this.hooks = hooks
  }

  protected called(name: string): void {
    this.calls++
    this.hooks.call?.(name)
  }

  async get(cids: readonly Cid[]): Promise<Uint8Array[]> {
    this.called('get')
    for (const cid of cids) this.read.add(cid)
    const objects = await this.inner.get(cids)
    return this.hooks.get?.(cids, objects) ?? objects
  }

  async has(cids: readonly Cid[]): Promise<boolean[]> {
    this.called('has')
    return this.inner.has(cids)
  }

  async getStored(cids: readonly Cid[]): Promise<StoredObject[]> {
    this.called('getStored')
    for (const cid of cids) this.read.add(cid)
    const objects = await this.inner.getStored(cids)
    return this.hooks.getStored?.(objects) ?? objects
  }
}

class WrappedWriter extends WrappedReader implements ObjectWriter {
  readonly writer: ObjectWriter

  constructor(writer: ObjectWriter, hooks: Hooks) {
    super(writer, hooks)
    this.writer = writer
  }

  put(codec: Codec, bytes: Uint8Array, options?: PutOptions): Cid {
    this.called('put')
    return this.writer.put(codec, bytes, options)
  }

  async putStored(object: StoredObject): Promise<void> {
    this.called('putStored')
    return this.writer.putStored(object)
  }

  putPacked(objects: PackedObjects): void {
    this.called('putPacked')
    this.writer.putPacked(objects)
  }

  hold(cids: readonly Cid[]): boolean[] {
    this.called('hold')
    return this.writer.hold(cids)
  }

  async drained(): Promise<void> {
    this.called('drained')
    return this.writer.drained()
  }

  async abort(): Promise<void> {
    return this.writer.abort()
  }
}

export class WrappedStore extends WrappedReader implements Store {
  readonly store: Store

  constructor(store: Store, hooks: Hooks = {}) {
    super(store, hooks)
    this.store = store
  }

  get location(): string {
    return this.store.location
  }

  writer(): ObjectWriter {
    this.called('writer')
    return new WrappedWriter(this.store.writer(), this.hooks)
  }

  async manifest(): Promise<Manifest> {
    this.called('manifest')
    const manifest = await this.store.manifest()
    return this.hooks.manifest?.(manifest) ?? manifest
  }

  manifests(): AsyncIterable<Manifest> {
    return this.store.manifests()
  }

  async update(
    change: (current: Manifest) => ManifestChange | null | Promise<ManifestChange | null>,
    options: UpdateOptions = {},
  ): Promise<Manifest> {
    this.called('update')
    const { writer } = options
    const inner = writer instanceof WrappedWriter ? { ...options, writer: writer.writer } : options
    const manifest = await this.store.update(change, inner)
    this.called('updated')
    return manifest
  }

  async gc(): ReturnType<Store['gc']> {
    return this.store.gc()
  }

  async fsck(): ReturnType<Store['fsck']> {
    return this.store.fsck()
  }

  async stats(): ReturnType<Store['stats']> {
    return this.store.stats()
  }

  async close(): Promise<void> {
    await this.store.close()
  }
}

/** Throws at the n-th call of anything, counted from 1. */
export function failAt(n: number): Hooks {
  let left = n
  return {
    call: (name) => {
      if (--left === 0) throw new Error(`connection lost before ${name}`)
    },
  }
}
