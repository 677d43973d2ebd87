// The repository that a command works on: found upward from the working directory, opened once, with the author and
// the clock that the environment asks for, and closed when the command ends.
import type { OpenOptions } from '../api/interface.ts'
import type { Repository } from '../index.ts'
import { environmentAuthor, fixedClock } from './identity.ts'
import type { Environment, RepositoryNeeds } from './interface.ts'
import { readUserConfig } from './user-config.ts'

export class Session {
  readonly #environment: Environment
  #opened: Promise<Repository> | null = null

  constructor(environment: Environment) {
    this.#environment = environment
  }

  repository(needs: RepositoryNeeds = {}): Promise<Repository> {
    this.#opened ??= openRepository(this.#environment, needs)
    return this.#opened
  }

  async close(): Promise<void> {
    const repository = await this.#opened?.catch(() => null)
    await repository?.close()
  }
}

/** Author and clock as the environment has them, else as the user's own config does. */
export async function openOptions(environment: Environment): Promise<OpenOptions> {
  return withAuthor(environment, clockOptions(environment, undefined), await readUserConfig(environment))
}

async function openRepository(environment: Environment, needs: RepositoryNeeds): Promise<Repository> {
  const { Repository: Opener } = await import('../index.ts')
  const clock = clockOptions(environment, needs.date)
  const repository = await Opener.open('.', withAuthor(environment, clock, new Map()))
  if (needs.commits !== true) return repository
  const config = await repository.config()
  const missing = ['user.name', 'user.email'].filter((key) => !config.has(key))
  if (missing.length === 0) return repository
  const own = new Map([...(await readUserConfig(environment)), ...config])
  if (!missing.some((key) => own.has(key))) return repository
  // The repository's own config comes before the user's, so it had to be read first.
  await repository.close()
  return Opener.open('.', withAuthor(environment, clock, own))
}

function clockOptions(environment: Environment, date: string | undefined): OpenOptions {
  const text = date ?? environment['VARVE_AUTHOR_DATE']
  return text ? { now: fixedClock(text) } : {}
}

function withAuthor(
  environment: Environment,
  options: OpenOptions,
  config: ReadonlyMap<string, string>,
): OpenOptions {
  const author = environmentAuthor(environment, config)
  return author === null ? options : { ...options, author }
}
