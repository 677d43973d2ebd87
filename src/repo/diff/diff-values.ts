// Two versions of a JSON or YAML file, value by value: made when somebody asks, in another thread where one is given.
import type { WorkerPool } from '../../base/pool.ts'
import type { DocumentValues } from '../../documents/diff-values.ts'
import { isMadeOfValues } from '../../documents/form.ts'
import type { ChangedPath } from './diff.ts'

/** null: lines tell more. */
export type Values = () => Promise<DocumentValues | null>

export function valuesOf(
  { path, before, after }: ChangedPath,
  from: string,
  to: string,
  threads: WorkerPool | undefined,
): Values {
  if (before?.kind !== 'file' || after?.kind !== 'file' || !isMadeOfValues(path)) return noValues
  return async () => {
    const { diffDocumentValues } = await import('../../documents/diff-values.ts')
    const name = { name: path }
    const found =
      threads === undefined
        ? diffDocumentValues(from, to, name)
        : await threads.run('diffDocumentValues', diffDocumentValues, [from, to, name])
    return found.kind === 'values' ? found : null
  }
}

export async function noValues(): Promise<null> {
  return null
}
