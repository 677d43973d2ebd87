// Mirrors between any two places: folders, servers, object stores, or remotes that a repository knows by name.
import path from 'node:path'
import { isVarveError } from '../../base/errors.ts'
import { type MirrorEnds, type MirrorEvent, eventOf, followMirror } from '../../remote/follow.ts'
import type { Conditional } from '../../remote/interface.ts'
import { mirrorOnce } from '../../remote/mirror.ts'
import { environmentFor } from '../../remote/remote-settings.ts'
import { fetchUrls, pushUrls } from '../../remote/remote-urls.ts'
import { conditionalOf } from '../../remote/remotes.ts'
import { absoluteUrl, isLocalFolder, openRemote, openSource } from '../../remote/transports/open.ts'
import { idOf } from '../info.ts'
import type * as t from '../interface.ts'
import { findPlace } from '../place.ts'

const everyMsDefault = 10_000

export interface MirrorOptions extends t.OperationOptions, Pick<t.OpenOptions, 'environment' | 'onWarning'> {
  /** Goes on until `signal` says stop. */
  readonly follow?: boolean
  /** How often to look, in milliseconds; default 10,000. */
  readonly everyMs?: number
  /** How many refs a round may delete; by default three, or half of those that are there. */
  readonly allowDeletions?: number | 'all'
  /** Folder that relative paths start from, and in whose repository names of remotes are looked up. */
  readonly base?: string
}

/**
 * Makes `to` have exactly the branches and tags of `from`, once or, with `follow`, again and again: an event for each look
 * at the source. Both are URLs, paths or names of remotes.
 * @throws VarveError VARVE_REFUSED when a round would delete most refs
 */
export async function* mirror(
  from: string,
  to: string,
  options: MirrorOptions = {},
): AsyncGenerator<t.MirrorEvent> {
  const base = path.resolve(options.base ?? '.')
  const { environment, signal, onProgress, onWarning = () => undefined } = options
  const source = await placeOf(from, { base, environment }, fetchUrls)
  const target = await placeOf(to, { base, environment }, pushUrls)
  const local = isLocalFolder(source.urls[0]!) ? 'sender' : 'receiver'
  const how = { signal, onProgress, allowDeletions: options.allowDeletions, local } as const
  const open = async (): Promise<MirrorEnds> => {
    const opening = { base, signal, onProgress }
    const { urls } = source
    const sourceOptions = { ...opening, environment: source.environment, cacheDir: source.cacheDir }
    const reading = await openSource(urls, sourceOptions, onWarning)
    try {
      const { cacheDir, conditional } = target
      const writing = { ...opening, environment: target.environment, cacheDir, conditional, create: true }
      const store = await openRemote(target.urls[0]!, writing)
      return { source: reading, mirror: store, close: () => closeBoth(reading, store) }
    } catch (error) {
      await reading.close()
      throw error
    }
  }
  if (options.follow === true) {
    for await (const event of followMirror(open, { ...how, everyMs: options.everyMs ?? everyMsDefault }))
      yield shown(event)
    return
  }
  const ends = await open()
  try {
    yield shown(eventOf(await mirrorOnce(ends.source, ends.mirror, how)))
  } finally {
    await ends.close()
  }
}

interface NamedPlace {
  readonly urls: readonly string[]
  readonly cacheDir: string | undefined
  /** What is known of its conditional writes. */
  readonly conditional: Conditional | undefined
  readonly environment: MirrorOptions['environment'] | undefined
}

/** A word without a slash is a remote's name, if the repository around has one. */
async function placeOf(
  word: string,
  { base, environment }: { readonly base: string; readonly environment: NamedPlace['environment'] },
  urlsOf: (manifest: Parameters<typeof fetchUrls>[0], name: string) => string[],
): Promise<NamedPlace> {
  const asUrl = (): NamedPlace => ({
    urls: [absoluteUrl(word, base)],
    cacheDir: undefined,
    conditional: undefined,
    environment,
  })
  if (/[/\\]/.test(word) || word === '.' || word === '..') return asUrl()
  const place = await findPlace(base, {}).catch((error: unknown) => {
    if (isVarveError(error, 'VARVE_NO_REPOSITORY')) return null
    throw error
  })
  if (place === null) return asUrl()
  try {
    const manifest = await place.store.manifest()
    if (!manifest.config.has(`remote.${word}.url`)) return asUrl()
    const urls = urlsOf(manifest, word)
    // What is remembered is about the remote's own address.
    const conditional =
      urls[0] === manifest.config.get(`remote.${word}.url`) ? conditionalOf(manifest, word) : undefined
    const cacheDir = path.join(place.dotDir, 'cache')
    return { urls, cacheDir, conditional, environment: environmentFor(manifest, word, environment) }
  } finally {
    await place.store.close()
  }
}

async function closeBoth(a: { close(): Promise<void> }, b: { close(): Promise<void> }): Promise<void> {
  try {
    await a.close()
  } finally {
    await b.close()
  }
}

function shown(event: MirrorEvent): t.MirrorEvent {
  const { kind, atMs, lagMs } = event
  if (event.kind === 'unreachable') return { kind: event.kind, atMs, lagMs, message: event.message }
  const { commits, objects, bytes } = event
  const updates = event.updates.map(({ ref, before, after }) => ({
    ref,
    before: idOf(before),
    after: idOf(after),
  }))
  return { kind: kind as 'mirrored' | 'in step', atMs, lagMs, updates, commits, objects, bytes }
}
