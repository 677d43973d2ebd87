// The repository that a command works on: found upward from the working directory, opened once, with the author and
// the clock that the environment asks for, and closed when the command ends.
import type { OpenOptions } from '../api/interface.ts'
import type { Repository } from '../index.ts'
import type { Operation } from '../store/interface.ts'
import { configAuthor, environmentAuthor, fixedClock } from './identity.ts'
import type { Environment, RepositoryNeeds } from './interface.ts'
import { userConnectors } from './user-connectors.ts'
import { readUserConfig } from './config/user-config.ts'
import { signingSettings } from './signing/settings.ts'

type Told = Pick<OpenOptions, 'onWarning' | 'onUpkeep' | 'onMoved' | 'onWait'>

export class Session {
  readonly #environment: Environment
  readonly #told: Told
  #opened: Promise<Repository> | null = null
  /** What has moved in the repository. */
  readonly done: Operation[] = []

  constructor(environment: Environment, told: Told) {
    this.#environment = environment
    this.#told = { ...told, onMoved: (operation) => this.done.push(operation) }
  }

  get isOpen(): boolean {
    return this.#opened !== null
  }

  repository(needs: RepositoryNeeds = {}): Promise<Repository> {
    this.#opened ??= openRepository(this.#environment, this.#told, needs)
    return this.#opened
  }

  async close(): Promise<void> {
    const repository = await this.#opened?.catch(() => null)
    await repository?.close()
  }
}

/** Author and clock as the environment has them; what it leaves open is the repository's to say, then the user's. */
export async function openOptions(
  environment: Environment,
  needs: RepositoryNeeds = { commits: true },
): Promise<OpenOptions> {
  const author = environmentAuthor(environment)
  const isAsked = needs.commits === true || needs.signatures === true
  const own = isAsked ? await readUserConfig(environment) : null
  const date = needs.date ?? environment['VARVE_AUTHOR_DATE']
  return {
    author,
    environment,
    ...userConnectors(environment),
    ...(own === null ? {} : { defaultAuthor: configAuthor(own), signing: signingSettings(own) }),
    ...(date ? { now: fixedClock(date) } : {}),
  }
}

async function openRepository(
  environment: Environment,
  told: Told,
  needs: RepositoryNeeds,
): Promise<Repository> {
  const { Repository: Opener } = await import('../api/repository.ts')
  return Opener.open('.', { ...(await openOptions(environment, needs)), ...told })
}
