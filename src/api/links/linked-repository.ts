// Links with live systems: declared in varve.yaml, tested, synchronized, and what their last rounds did.
import { VarveError } from '../../base/errors.ts'
import { untilAborted } from '../../base/until-aborted.ts'
import type { Connector, ConnectorOptions } from '../../connectors/interface.ts'
import type { Sink } from '../../connectors/sink.ts'
import { type DatasetConfig, configFileName } from '../../dataset/interface.ts'
import { isLinkName, linkNameHint } from '../../dataset/link-name.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import { Tree } from '../../files/tree.ts'
import { isReceiptsRef } from '../../history/refs.ts'
import { readHead } from '../../repo/head.ts'
import { identityKey, isOfLink, positionKey, recordKey, repeatedAtKey } from '../../sync/state.ts'
import type { Line } from '../../sync/follow.ts'
import { markKey, readMark } from '../../sync/log/mark.ts'
import type { Manifest } from '../../store/interface.ts'
import { readConfig } from '../../worktree/config-file.ts'
import { portableEndpoint, resolvedEndpoint } from './endpoint-path.ts'
import type * as t from './link-interface.ts'
import { CarryingRepository } from '../remotes/carrying-repository.ts'
import { linkNamed } from '../../sync/link-named.ts'

/** About two seconds in all. */
const retriesDefault = 3

type Opening = Pick<ConnectorOptions, 'signal' | 'onProgress'>

export abstract class LinkedRepository extends CarryingRepository {
  abstract readonly root: string | null

  /**
   * The links that the folder's varve.yaml declares; in a bare repository, those of the current branch. Paths are
   * absolute.
   */
  async links(): Promise<readonly t.Link[]> {
    return [...((await this.datasetConfig())?.links ?? [])].map(([name, setting]) =>
      this.#resolved({ name, ...setting }),
    )
  }

  /**
   * Writes a link into varve.yaml, after the endpoint has answered and its tables were found. A sink has no tables
   * that could be found: there, tables that the branch does not have are warned of.
   */
  async addLink(
    name: string,
    setting: Omit<t.LinkSetting, 'into' | 'branch'> & Partial<t.LinkSetting>,
    options: t.OperationOptions = {},
  ): Promise<t.Link> {
    const root = this.#rootFor('add a link')
    if (!isLinkName(name)) {
      throw new VarveError('VARVE_USAGE', `'${name}' is not a name for a link`, {
        hint: linkNameHint,
      })
    }
    if ((await this.links()).some((link) => link.name === name)) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there is a link '${name}' already`, {
        hint: `edit it in ${configFileName}, or remove it with 'varve link remove ${name}'`,
      })
    }
    const given = this.#resolved({
      name,
      into: name,
      branch: null,
      ...setting,
      tables: [...new Set(setting.tables)],
    })
    const isToSink = await this.isSink(given)
    const { namedTables, tellPassedOver } = await import('./named-tables.ts')
    const connected = <T>(work: (connector: Connector) => Promise<T>): Promise<T> =>
      this.#connected(given, options, work)
    const warn = (message: string): void => this.warn(message)
    const link = isToSink ? given : { ...given, tables: await namedTables(given, connected, warn) }
    const { checkLink, setLink } = await import('../../worktree/config-edit.ts')
    const declared = { ...link, endpoint: portableEndpoint(link.endpoint, root) }
    checkLink(root, name, declared)
    if (isToSink) {
      await this.#toSink(link, options, async (sink) => void (await sink.position?.()))
      const { absentTables } = await import('../../sync/deliver/tables.ts')
      for (const { path, near } of await absentTables(this.repo, link))
        this.warn(
          `the branch has no table '${path}' yet: until it has, a first round is refused${near === null ? '' : `; did you mean '${near}'?`}`,
        )
    } else {
      const { checkTables, refuseNested } = await import('../../sync/tables/check-tables.ts')
      refuseNested(link, await this.links())
      await this.#connected(link, options, async (connector) => {
        this.#warnOfUnchecked(connector)
        await checkTables(this.repo, connector, link)
        tellPassedOver(connector, warn)
      })
    }
    setLink(root, name, declared)
    return link
  }

  /**
   * Removes a link from varve.yaml, with what the repository remembered of its endpoint. History and receipts stay.
   * An endpoint that keeps its log for the link is first told that it need not. If it does not answer, `force`
   * removes the link all the same.
   */
  async removeLink(name: string, options: { force?: boolean } & t.WaitOptions = {}): Promise<void> {
    const root = this.#rootFor('remove a link')
    const link = await this.linkNamed(name)
    const at = readMark(await this.repo.store.manifest(), name)?.at ?? null
    if (at !== null && options.force !== true)
      await this.#connected(link, options, async ({ log }) => log?.end(at.position))
    const { removeLink } = await import('../../worktree/config-edit.ts')
    removeLink(root, name)
    const settings = [identityKey, markKey, positionKey, recordKey, repeatedAtKey].map((key) => key(name))
    const refsOf = ({ refs }: Manifest): string[] =>
      [...refs.keys()].filter((ref) => isOfLink(ref, name) && !isReceiptsRef(ref))
    const now = await this.repo.store.manifest()
    // Before its first round nothing is remembered: there is no operation that somebody could undo.
    if (refsOf(now).length === 0 && !settings.some((key) => now.config.has(key))) return
    await this.repo.store.update((manifest) => ({
      refs: new Map(refsOf(manifest).map((ref) => [ref, null])),
      config: new Map(settings.map((key) => [key, null])),
      operation: { name: 'link remove', message: name, author: '' },
    }))
  }

  /** Connects to the endpoint, and tells which tables it has. */
  async testLink(name: string, options: t.OperationOptions = {}): Promise<t.LinkTest> {
    const link = await this.linkNamed(name)
    if (await this.isSink(link))
      return this.#toSink(link, options, async (sink) => (await import('./link-sink.ts')).sinkTest(sink))
    const at = readMark(await this.repo.store.manifest(), name)?.at ?? null
    const { endpointTest } = await import('./endpoint-test.ts')
    return this.#connected(link, options, (connector) => {
      this.#warnOfUnchecked(connector)
      return endpointTest(connector, link, at)
    })
  }

  /** Reads the endpoint at one moment, and compares it with a commit by checksums of key ranges. */
  async verifyLink(name: string, options: t.VerifyOptions = {}): Promise<t.LinkVerification> {
    const link = await this.linkNamed(name)
    if (await this.isSink(link)) {
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `what '${link.endpoint}' holds cannot be read, nor verified`,
        {
          data: { name },
          hint: `what it has confirmed: 'varve log --links ${name}'`,
        },
      )
    }
    const { verifyLink } = await import('../../sync/verify/verify.ts')
    return this.#connected(link, options, (connector) =>
      verifyLink({ repo: this.repo, connector, link, options }),
    )
  }

  /**
   * Runs one round: what either side changed goes where the link's mode says, and a clash holds back only its own
   * row. A fault that may pass (a cut connection, a deadlock, another worker) is tried again, `retries` times.
   */
  async sync(name: string, options: t.LinkSyncOptions = {}): Promise<t.Receipt> {
    const link = await this.linkNamed(name)
    const { withRetries } = await import('../../sync/retry.ts')
    const { retries = retriesDefault, signal } = options
    const { collectingGarbage } = await import('./round-garbage.ts')
    return collectingGarbage(() => withRetries(() => this.#round(link, options), { retries, signal }))
  }

  async #round(link: t.Link, options: t.LinkSyncOptions): Promise<t.Receipt> {
    if (await this.isSink(link)) {
      const { deliverRound } = await import('../../sync/deliver/deliver.ts')
      const { repo, environment } = this
      return this.#toSink(link, options, (sink) => deliverRound({ repo, sink, link, options, environment }))
    }
    const { syncRound } = await import('../../sync/round.ts')
    const connector = await this.#opened(link, options)
    const round = { repo: this.repo, folder: this.folder, connector, link, options }
    return syncRound(round, () => connector.close())
  }

  /**
   * Runs rounds until `signal` aborts: for changes of the endpoint as its log tells them, or at intervals when it
   * has no log, and for changes of the branch as they are committed. Gives the receipt of the first round, and of
   * each one that did something.
   */
  async *followLink(name: string, options: t.FollowLinkOptions = {}): AsyncGenerator<t.Receipt> {
    const link = await this.linkNamed(name)
    const { endpointLine, follow } = await import('../../sync/follow.ts')
    const { collectingGarbage } = await import('./round-garbage.ts')
    const { repo, folder } = this
    const opened = async (): Promise<Line> => {
      if (await this.isSink(link)) return this.#sinkLine(link, options)
      const connector = await this.#opened(link, options)
      return endpointLine({ repo, folder, connector, link, options }, options)
    }
    yield* follow(
      repo,
      link,
      async () => {
        const line = await opened()
        const round = line.round.bind(line)
        return Object.assign(line, { round: () => collectingGarbage(round) })
      },
      options,
    )
  }

  /** @throws VarveError VARVE_REF_NOT_FOUND */
  protected async linkNamed(name: string): Promise<t.Link> {
    return linkNamed(await this.links(), name)
  }

  /** Opens the endpoint for a round. */
  async #opened(link: t.Link, { signal, onProgress }: Opening): Promise<Connector> {
    const mark = readMark(await this.repo.store.manifest(), link.name)
    const readsLog = mark !== null && mark.at !== null && link.changes !== 'compare'
    return this.#opening(link, { readsLog, signal, onProgress })
  }

  async #connected<T>(
    link: t.Link,
    { signal, onProgress }: Opening,
    work: (connector: Connector) => Promise<T>,
  ): Promise<T> {
    const connector = await this.#opening(link, { signal, onProgress })
    try {
      return await work(connector)
    } finally {
      await connector.close()
    }
  }

  /** Opens an endpoint. Its driver is loaded only now, when a link is used. */
  async #opening(link: t.Link, options: { readsLog?: boolean } & Opening): Promise<Connector> {
    const { openLink } = await import('../../sync/open-link.ts')
    const { environment, connectors, onWait } = this
    return untilAborted(
      () => openLink(link, { environment, connectors, onWait, ...options }),
      options.signal,
      (connector) => connector.close(),
    )
  }

  async #sinkLine(link: t.Link, options: t.FollowLinkOptions): Promise<Line> {
    const { deliverRound } = await import('../../sync/deliver/deliver.ts')
    const { repo, environment } = this
    const round = (): Promise<t.Receipt> =>
      this.#toSink(link, options, (sink) => deliverRound({ repo, sink, link, options, environment }))
    return { round, reader: null, isRead: false, close: async () => undefined }
  }

  async #toSink<T>(link: t.Link, { signal }: t.WaitOptions, work: (sink: Sink) => Promise<T>): Promise<T> {
    const { withSink } = await import('./link-sink.ts')
    const { environment, sinks, onWait } = this
    return withSink(link, { environment, sinks, onWait, signal }, work)
  }

  /** Whether its endpoint is only written to. */
  protected async isSink({ endpoint }: t.Link): Promise<boolean> {
    return (await import('../../connectors/open-sink.ts')).isSinkUrl(endpoint, this.sinks)
  }

  /** Gives up items of an inbox that cannot become rows. */
  protected async dropAside(link: t.Link, items: readonly t.HeldBack[]): Promise<void> {
    const named = items.map(({ table, key: name }) => ({ table, name }))
    await this.#connected(link, {}, async ({ log }) => log?.told?.drop(named))
  }

  #warnOfUnchecked({ location, unchecked }: Connector): void {
    if (unchecked !== undefined) this.warn(`'${location}': ${unchecked}`)
  }

  #resolved(link: t.Link): t.Link {
    return { ...link, endpoint: resolvedEndpoint(link.endpoint, this.root) }
  }

  #rootFor(what: string): string {
    if (this.root !== null) return this.root
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${what} in a bare repository`, {
      hint: `it is declared in ${configFileName}: commit that from a clone`,
    })
  }

  /** The settings in the folder's varve.yaml; in a bare repository, those of the current branch. */
  protected async datasetConfig(): Promise<DatasetConfig | null> {
    return this.root === null ? this.#committedConfig() : readConfig(this.root)
  }

  async #committedConfig(): ReturnType<typeof storedConfig> {
    const { commit } = await readHead(this.repo.store, await this.repo.store.manifest())
    if (commit === null) return null
    const tree = await Tree.load(this.repo.nodes, commit.tree)
    return storedConfig(this.repo.nodes, await tree.get(configFileName), {})
  }
}
