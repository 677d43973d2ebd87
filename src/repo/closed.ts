// A repository that was closed: each of its methods says so, and so does the store that its parts (stashes, bisect, iterators
// under way) still ask. An open repository knows nothing of this, so it costs nothing.
import { VarveError } from '../base/errors.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { Repo } from './interface.ts'
import type { Store } from '../store/interface.ts'

/** What still works: closing it twice is no mistake. */
const kept: readonly PropertyKey[] = ['constructor', 'close', Symbol.asyncDispose]

/** Leaves the repository closed; returns its store, which is still to be closed itself. */
export function closeRepository(repository: { readonly repo: Repo }): Store {
  const { store } = repository.repo
  Object.assign(repository.repo, { store: nothing as Store, nodes: nothing as NodeStore })
  for (const [name, method] of methodsOf(repository)) {
    const value = /^Async ?Generator/i.test(method.constructor.name) ? refusedItems : refused
    Object.defineProperty(repository, name, { value, configurable: true })
  }
  return store
}

/** The methods of its classes, those of a subclass too. */
function* methodsOf(instance: object): Generator<[PropertyKey, (...given: unknown[]) => unknown]> {
  for (let proto = parentOf(instance); proto !== null && proto !== Object.prototype; proto = parentOf(proto))
    for (const name of Reflect.ownKeys(proto)) {
      const value: unknown = Object.getOwnPropertyDescriptor(proto, name)?.value
      if (typeof value === 'function' && !kept.includes(name))
        yield [name, value as (...given: unknown[]) => unknown]
    }
}

function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null
}

async function refused(): Promise<never> {
  throw closed()
}

// oxlint-disable-next-line require-yield
async function* refusedItems(): AsyncGenerator<never> {
  throw closed()
}

const nothing: object = new Proxy(
  {},
  {
    get(_, name) {
      if (name === 'close') return async () => {}
      throw closed()
    },
  },
)

function closed(): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', 'the repository is closed', {
    hint: 'open it again, or close it after all that is done with it',
  })
}
