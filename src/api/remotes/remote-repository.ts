// Remotes: fetch, pull, push. URLs are resolved against the repository's folder.
import { VarveError } from '../../base/errors.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Folder, Repo } from '../../repo/interface.ts'
import type { OpenRemoteOptions } from '../../remote/interface.ts'
import { renameRemote } from '../../remote/rename-remote.ts'
import { addRemote, checkRemoteFree, listRemotes, remoteUrl, removeRemote } from '../../remote/remotes.ts'
import { environmentFor } from '../../remote/remote-settings.ts'
import { fetchUrls, pushUrls, setRemoteUrl } from '../../remote/remote-urls.ts'
import { absoluteUrl } from '../../remote/transports/open.ts'
import type { GcReport, Manifest, Store } from '../../store/interface.ts'
import { DataRepository } from '../data-repository.ts'
import type * as t from '../interface.ts'
import {
  type Target,
  conditionalWritesOf,
  conditionalAfter,
  defaultRemote,
  operationOptions,
  transferResult,
  upstreamOf,
} from './remote-target.ts'

export class RemoteRepository extends DataRepository {
  /** Folder that relative URLs start from. */
  readonly #base: string | undefined
  /** Called with warnings: what the user should know, although nothing was kept from being done. */
  protected readonly warn: (message: string) => void
  /** Kinds of endpoints of the caller's own. */
  protected readonly connectors: t.OpenOptions['connectors']
  protected readonly sinks: t.OpenOptions['sinks']
  /** Called when an endpoint lets itself be waited for. */
  protected readonly onWait: t.OpenOptions['onWait']
  readonly #opening: Pick<OpenRemoteOptions, 'base' | 'cacheDir' | 'environment'>

  protected constructor(
    store: Store,
    options: t.OpenOptions,
    makeFolder: ((repo: Repo) => Folder) | undefined,
    place: { base: string | null; cacheDir: string },
  ) {
    super(store, options, makeFolder)
    this.#base = place.base ?? undefined
    this.#opening = { base: this.#base, cacheDir: place.cacheDir, environment: options.environment }
    this.connectors = options.connectors
    this.sinks = options.sinks
    this.onWait = options.onWait
    this.warn = options.onWarning ?? (() => undefined)
  }

  /** For what may be lost. */
  protected get cacheDir(): string | undefined {
    return this.#opening.cacheDir
  }

  /** Where credentials are looked for. */
  protected get environment(): t.OpenOptions['environment'] {
    return this.#opening.environment
  }

  /** The remotes with their URLs; passwords are in none of them. */
  async remotes(): Promise<readonly t.RemoteInfo[]> {
    return listRemotes(await this.repo.store.manifest())
  }

  /**
   * Adds a remote. An object store is first asked whether it keeps conditional writes. One that does not is refused
   * for pushing, unless `singleWriter` vouches that nobody else ever writes there.
   */
  async addRemote(
    name: string,
    url: string,
    options: t.OperationOptions & { singleWriter?: boolean } = {},
  ): Promise<t.AddedRemote> {
    const { probeRemote } = await import('../../remote/transports/open.ts')
    const { store } = this.repo
    const target = this.#base === undefined ? url : absoluteUrl(url, this.#base)
    checkRemoteFree(await store.manifest(), name)
    const finding = await probeRemote(target, { ...this.#opening, ...operationOptions(options) })
    if (finding === null && options.singleWriter === true) {
      throw new VarveError('VARVE_USAGE', `'${url}' is safe for many writers by its kind`, {
        hint: 'leave out --single-writer: it is for object stores that do not keep conditional writes',
      })
    }
    const conditional = conditionalAfter(finding, options.singleWriter === true ? 'single-writer' : 'no')
    const added = await addRemote(store, name, target, conditional)
    return { ...added, finding, conditional: conditional ?? null }
  }

  /**
   * Changes, adds or removes an address: the one that fetch uses, those that push uses, or copies to fall back to.
   */
  async setRemoteUrl(
    name: string,
    url: string,
    options: { use?: 'fetch' | 'push' | 'fallback'; how?: 'set' | 'add' | 'remove' } = {},
  ): Promise<t.RemoteInfo> {
    const { use = 'fetch', how = 'set' } = options
    const kept = this.#base === undefined ? url : absoluteUrl(url, this.#base)
    await setRemoteUrl(this.repo.store, name, kept, { use, how })
    return (await this.remotes()).find((remote) => remote.name === name)!
  }

  /** Renames a remote. Its settings, what is known of its branches, and branches that follow it go along. */
  renameRemote(from: string, to: string): Promise<void> {
    return renameRemote(this.repo.store, from, to)
  }

  /** Forgets a remote, its settings and what is known of its branches. @throws VarveError VARVE_REF_NOT_FOUND */
  removeRemote(name: string): Promise<void> {
    return removeRemote(this.repo.store, name)
  }

  /**
   * Fetches what the remote's branches reach, and moves only 'refs/remotes/REMOTE/…'. A shallow clone gets more
   * history with `depth` (so many commits in a row from each branch), `deepen` (so many more) or `unshallow` (all);
   * these apply to all branches.
   */
  async fetch(remote?: string, options: t.FetchOptions = {}): Promise<t.TransferResult> {
    const { deepen } = await import('../../remote/deepen.ts')
    const { fetchRefs } = await import('../../remote/fetch.ts')
    const { openSource } = await import('../../remote/transports/open.ts')
    const { deepenTarget } = await import('./fetch-more.ts')
    const further = deepenTarget(options)
    const target = this.#target(await this.repo.store.manifest(), remote)
    const { name } = target
    if (name === undefined) {
      throw new VarveError('VARVE_USAGE', `'${target.url}' has no name yet`, {
        hint: `what is fetched is kept under a remote's name: 'varve remote add NAME ${target.url}'`,
      })
    }
    const urls = fetchUrls(await this.repo.store.manifest(), name)
    const store = await openSource(urls, await this.#openingOf(name, options), this.warn)
    try {
      const report = await fetchRefs(this.repo.store, store, { ...options, remoteName: name })
      if (further === null) return transferResult(target, report)
      const behind = await deepen(this.repo.store, store, {
        ...operationOptions(options),
        remoteName: name,
        to: further,
      })
      return transferResult(target, {
        updates: [...report.updates, ...behind.updates],
        objects: report.objects + behind.objects,
        bytes: report.bytes + behind.bytes,
      })
    } finally {
      await store.close()
    }
  }

  /**
   * In a partial clone, fetches the contents that `revision` (default: HEAD) has at these paths, folders or
   * patterns, and keeps them here. Does nothing when all of it is here already.
   */
  async fetchPaths(
    paths: readonly string[],
    options: t.OperationOptions & { revision?: string } = {},
  ): Promise<{ paths: number; objects: number; bytes: number }> {
    const { fetchPaths } = await import('./fetch-more.ts')
    return fetchPaths(this.repo, paths, options)
  }

  /** Fetches, and then merges the remote's branch or rebases onto it. */
  async pull(
    remote?: string,
    branch?: string,
    options: t.OperationOptions & {
      mode?: 'merge' | 'rebase' | 'ff-only'
      allowUnrelated?: boolean
      autostash?: boolean
      /** Whether commits are signed, and with which key; default: as the settings have it. */
      sign?: t.SignChoice
      /** Refuses to merge a commit without a good signature. */
      verifySignatures?: boolean
    } = {},
  ): Promise<t.PullResult> {
    const { merge } = await import('../../repo/merging/merge.ts')
    const { rebase } = await import('../../repo/merging/rebase.ts')
    const { withConflicts } = await import('../merge-results.ts')
    const fetched = await this.fetch(remote, options)
    const manifest = await this.repo.store.manifest()
    const from = upstreamOf(manifest, fetched.remote, branch)
    const revision = shortRefName(from).replace(`${fetched.remote}/`, '')
    if (!manifest.refs.has(from)) {
      throw new VarveError(
        'VARVE_REF_NOT_FOUND',
        `the remote '${fetched.remote}' has no branch '${revision}'`,
        {
          hint: `name one: 'varve pull ${fetched.remote} BRANCH'`,
        },
      )
    }
    const inspect = await this.inspector(options.verifySignatures)
    const merged = await withConflicts((onUnstored) =>
      options.mode === 'rebase'
        ? rebase(this.repo, this.folder, from, { ...options, onUnstored, operation: 'pull (rebase)' })
        : merge(this.repo, this.folder, from, {
            ...options,
            inspect,
            onUnstored,
            operation: 'pull',
            fastForward: options.mode === 'ff-only' ? 'only' : 'allow',
          }),
    )
    return { fetched, merged }
  }

  /**
   * Refspecs are 'main', 'main:other', ':gone' (deletes) or 'refs/tags/v1' or 'refs/notes/commits'. Without any, the
   * current branch is pushed, and with `tags` all tags instead.
   */
  async push(
    remote?: string,
    refspecs: readonly string[] = [],
    options: t.PushOptions = {},
  ): Promise<t.TransferResult> {
    const { haveUpdates } = await import('../../remote/refspec.ts')
    const { lastSeenOf } = await import('../../remote/lease.ts')
    const { push } = await import('../../remote/push.ts')
    const { openRemote } = await import('../../remote/transports/open.ts')
    const { emptyIfAbsent, refspecsOf } = await import('./push-choice.ts')
    const { pushToAll } = await import('./push-places.ts')
    const manifest = await this.repo.store.manifest()
    const target = this.#target(manifest, remote)
    const all = refspecsOf(manifest, refspecs, options)
    const nothing = { remote: target.name ?? target.url, url: target.url, updates: [], objects: 0, bytes: 0 }
    // Without a refspec the current branch would be meant.
    if (all.length === 0 && options.tags === true) return nothing
    const dryRun = options.dryRun === true
    // Also where it is not used: what is pushed must be here.
    const create = (await haveUpdates(this.repo.store, manifest, all)) && !dryRun
    const urls = target.name === undefined ? [target.url] : pushUrls(manifest, target.name)
    // As it was before the first place has it: all places are held to the same.
    const lastSeen = lastSeenOf(manifest, target.name)
    // The state of the remote is what fetch would see: that of its own address, where push goes there.
    const isRemembered = (url: string): boolean => url === target.url || !urls.includes(target.url)
    return pushToAll(target, urls, options, async (url, told) => {
      const opening = await this.#openingOf(target.name, told)
      // What is remembered of conditional writes is that of the remote's own address; other places are asked.
      const isKnown = url === target.url
      const conditional =
        isKnown && !dryRun ? await conditionalWritesOf(this.repo.store, manifest, target, opening) : undefined
      const opened = openRemote(url, { ...opening, conditional, create, askCreate: dryRun })
      // What a first push would bring is what an empty repository lacks.
      const store = await (dryRun ? opened.catch(emptyIfAbsent) : opened)
      const remoteName = isRemembered(url) ? target.name : undefined
      try {
        return await push(this.repo.store, store, { ...told, refspecs: all, remoteName, lastSeen })
      } finally {
        await store.close()
      }
    })
  }

  /** As `gc`, in a remote. Whoever pushes or fetches there meanwhile loses nothing. */
  async gcRemote(
    remote: string,
    {
      onProgress,
      ...options
    }: t.OperationOptions & {
      dryRun?: boolean
      graceMs?: number
      manifestsKeptMax?: number
    } = {},
  ): Promise<GcReport> {
    const store = await this.openStore(remote, { ...options, onProgress })
    const phase = `collecting garbage in ${remote}`
    try {
      return await store.gc({
        ...options,
        onProgress: (done, total) => onProgress?.({ phase, done, total, unit: 'objects' }),
      })
    } finally {
      await store.close()
    }
  }

  /** The caller closes it. */
  protected async openStore(remote: string | undefined, options: t.OperationOptions): Promise<Store> {
    const { openRemote } = await import('../../remote/transports/open.ts')
    const { name, url } = this.#target(await this.repo.store.manifest(), remote)
    return openRemote(url, await this.#openingOf(name, options))
  }

  /** How a remote is opened: what the caller gave, with what the configuration says of that remote. */
  async #openingOf(name: string | undefined, options: t.OperationOptions): Promise<OpenRemoteOptions> {
    const environment = environmentFor(await this.repo.store.manifest(), name, this.#opening.environment)
    return { ...this.#opening, ...operationOptions(options), environment }
  }

  #target(manifest: Manifest, remote: string | undefined): Target {
    const name = remote ?? defaultRemote(manifest)
    // As in git, a URL or path may stand for a remote's name; nothing is remembered of it then.
    if (/[/\\]/.test(name)) return { name: undefined, url: absoluteUrl(name, this.#base ?? '.') }
    return { name, url: remoteUrl(manifest, name) }
  }
}
