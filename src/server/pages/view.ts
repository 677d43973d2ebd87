// Where a page stands: its repository, and addresses of others. All are relative, so that a proxy may put the server below
// a prefix; query parameters are called as in the REST API.
import type { IncomingMessage } from 'node:http'
import type { Exchange } from '../interface.ts'
import { type QueryParts, Url } from './html.ts'

export type PageName =
  | 'files'
  | 'file'
  | 'table'
  | 'row'
  | 'history'
  | 'commit'
  | 'compare'
  | 'refs'
  | 'sql'
  | 'picture'
  | 'download'
  | 'export'

export class View {
  /** '../' and the like. */
  readonly root: string
  /** '' on pages of no repository. */
  readonly repo: string
  /** As it is asked for; undefined: the current branch. */
  readonly revision: string | undefined

  constructor(root: string, repo = '', revision?: string) {
    this.root = root
    this.repo = repo
    this.revision = revision
  }

  static of({ request, params, query }: Exchange): View {
    return new View(rootOf(request), params['repo'], query.text('revision'))
  }

  home(): Url {
    return Url.of(this.root, [])
  }

  /** The address of a repository's first page; by default of this repository. */
  start(repo: string = this.repo): Url {
    return Url.of(this.root, [repo, 'files'])
  }

  /** The address of a page at the same revision, unless the query says otherwise. */
  to(page: PageName, query: QueryParts = {}): Url {
    return Url.of(this.root, [this.repo, page], { revision: this.revision, ...query })
  }

  commit(id: string, query: QueryParts = {}): Url {
    return Url.of(this.root, [this.repo, 'commit', id], query)
  }

  asset(name: string, version: string): Url {
    return Url.of(this.root, [name], { v: version })
  }
}

/** From the page that is asked for to the top: each further slash in its path is a step. */
export function rootOf({ url = '/' }: IncomingMessage): string {
  const depth = url.replace(/[?#].*$/s, '').split('/').length - 2
  return depth <= 0 ? './' : '../'.repeat(depth)
}

/** Whether an address can hold the path: bytes that are not text cannot stand in one. */
export function isAddressable(path: string): boolean {
  return !/\p{Cs}/u.test(path)
}
