// Tables that are computed from other tables of the dataset, and questions about tables.
import { VarveError } from '../base/errors.ts'
import type { Derivation, DeriveOptions, DeriveReport, FunctionDeclaration } from '../derive/interface.ts'
import { configFileName } from '../dataset/interface.ts'
import type { QueryOptions, QueryResult } from '../query/interface.ts'
import { SyncedRepository } from './links/synced-repository.ts'

export abstract class DerivingRepository extends SyncedRepository {
  /** As the folder's varve.yaml declares them; in a bare repository the current branch's. */
  async derivations(): Promise<readonly (Derivation | FunctionDeclaration)[]> {
    return [...((await this.datasetConfig())?.derivations.values() ?? [])]
  }

  /**
   * Brings derived tables up to date with what is committed, and commits them. Queries read tables that are known
   * here already by what has changed in them.
   * @throws VarveError VARVE_RULE_VIOLATED (a query, its key or a type), VARVE_PATH_NOT_FOUND (an input)
   */
  async derive(options: DeriveOptions & { branch?: string } = {}): Promise<DeriveReport> {
    const { branch = null, ...rest } = options
    const derivations = new Map((await this.derivations()).map((one) => [one.path, one]))
    if (derivations.size + (options.functions ?? []).length === 0) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `${configFileName} declares no derived tables`, {
        hint: "write them in its section 'derive': path, 'from', 'sql' and 'key'",
      })
    }
    const { derive } = await import('../derive/derive.ts')
    const { repo, folder } = this
    return derive({ repo, folder, derivations, branch, cacheDir: this.cacheDir ?? null, options: rest })
  }

  /**
   * Answers one SELECT in SQLite's words over tables as they are committed, or with `worktree` as their files are. A name may say a revision:
   * `"people@v1"`, so that versions can be compared. Close the result.
   * @throws VarveError VARVE_USAGE (no such query), VARVE_PATH_NOT_FOUND (no such table), VARVE_REF_NOT_FOUND
   */
  async query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    const { query } = await import('../query/query.ts')
    const { repo, folder } = this
    return query({ repo, folder }, sql, this.cacheDir ?? null, options)
  }
}
