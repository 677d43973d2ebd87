// Opening a context over a store, and the one way to write: objects go into a writer that is thrown away unless the
// manifest that publishes them is in place.
import { VarveError } from '../base/errors.ts'
import type { Person, Signature } from '../history/interface.ts'
import { NodeStore } from '../prolly/node-store.ts'
import type { Manifest, ObjectWriter, Store } from '../store/interface.ts'
import type { Repo } from './interface.ts'
import type { Signer } from './signing.ts'

export interface ContextOptions {
  readonly author?: Partial<Person> | undefined
  readonly defaultAuthor?: Partial<Person> | undefined
  readonly now?: (() => { timeMs: number; zoneMinutes: number }) | undefined
  readonly signer?: Signer | undefined
}

export function createContext(store: Store, options: ContextOptions = {}): Repo {
  return {
    store,
    nodes: new NodeStore(store),
    author: options.author ?? {},
    defaultAuthor: options.defaultAuthor ?? {},
    now: options.now ?? systemNow,
    signer: options.signer ?? null,
  }
}

function systemNow(): { timeMs: number; zoneMinutes: number } {
  const now = new Date()
  return { timeMs: now.getTime(), zoneMinutes: -now.getTimezoneOffset() }
}

/** Runs `work` with a writer and a view of the nodes that sees what the writer holds. */
export async function withWriter<T>(
  repo: Repo,
  work: (writer: ObjectWriter, nodes: NodeStore) => Promise<T>,
): Promise<T> {
  const writer = repo.store.writer()
  try {
    return await work(writer, repo.nodes.through(writer))
  } finally {
    await writer.abort()
  }
}

/** Who signs, and when. @throws VarveError VARVE_NOT_POSSIBLE when nobody has said who they are */
export function signatureOf(
  repo: Repo,
  manifest: Manifest,
  author?: Person | null,
  { timeMs, zoneMinutes }: Pick<Signature, 'timeMs' | 'zoneMinutes'> = repo.now(),
): Signature {
  const name = author?.name ?? nameOf(repo, manifest)
  const email =
    author?.email ?? repo.author.email ?? manifest.config.get('user.email') ?? repo.defaultAuthor.email
  if (name === undefined || name === '' || email === undefined) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'nobody has said who you are', {
      hint: "run 'varve config user.name \"Your Name\"' and 'varve config user.email you@example.org', or set VARVE_AUTHOR_NAME and VARVE_AUTHOR_EMAIL",
    })
  }
  // A signature is one line of text wherever it is shown.
  const line = (text: string): string => text.replaceAll(/[\n\r\0<>]/g, ' ').trim()
  return { name: line(name), email: line(email), timeMs, zoneMinutes }
}

/** Before what takes long and ends in a commit. @throws VarveError VARVE_NOT_POSSIBLE when nobody has said who they are */
export function requireAuthor(repo: Repo, manifest: Manifest): void {
  signatureOf(repo, manifest)
}

/** The name for the operation log: the person's, or '' when it is not known. */
export function operatorOf(repo: Repo, manifest: Manifest): string {
  return nameOf(repo, manifest) ?? ''
}

function nameOf(repo: Repo, manifest: Manifest): string | undefined {
  return repo.author.name ?? manifest.config.get('user.name') ?? repo.defaultAuthor.name
}
