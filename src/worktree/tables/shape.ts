// Whether what the index has of a file is of the shape that varve.yaml asks for: a table by that key, or plain bytes. A
// file whose bytes have not changed is another thing for the next commit when its shape is to be another.
import { type DatasetConfig, type TableSetting, configFileName } from '../../dataset/interface.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import { isVarveError } from '../../base/errors.ts'
import type { Path, TableEntry, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { keyNames } from '../../table/key.ts'
import { loadTable } from '../../table/table-object.ts'
import { readConfig } from '../config-file.ts'
import type { PathChange, Worktree, WorktreeOptions } from '../interface.ts'
import type { Survey } from '../survey.ts'
import type { TrackedFiles } from '../stat-cache/tracked-files.ts'

export function hasShape(
  worktree: Worktree,
  config: DatasetConfig,
  path: Path,
  entry: TreeEntry,
): boolean | Promise<boolean> {
  const setting = entry.kind === 'symlink' ? null : config.tableAt(path)
  if (setting === null) return entry.kind !== 'table'
  return entry.kind === 'table' && isMadeWith(worktree, entry, setting)
}

/**
 * The files that `add` would store in another shape, because varve.yaml asks for another than the index's did, or for
 * another key than a table of the index has (a merge of two keys took ours). A file that `add` kept as bytes under the
 * same settings, it had a reason for. None while varve.yaml cannot be read; then `fault` says why.
 */
export async function reshapedFiles(
  worktree: Worktree,
  index: Tree,
  { survey, tracked }: { readonly survey: Survey; readonly tracked: TrackedFiles },
  { signal }: WorktreeOptions,
): Promise<{ readonly changes: readonly PathChange[]; readonly fault: string | null }> {
  const changes: PathChange[] = []
  try {
    const [config, staged] = await Promise.all([
      readConfig(worktree.root),
      index.get(configFileName).then((entry) => storedConfig(worktree.repo.nodes, entry, { signal })),
    ])
    const asked = (of: DatasetConfig | null, path: Path): string =>
      JSON.stringify(of?.tableAt(path)?.key ?? null)
    for (const path of knownPaths(survey)) {
      const entry = survey.known(path) === null ? undefined : tracked.get(path)?.entry
      if (entry === undefined) continue
      if (entry.kind !== 'table' && asked(config, path) === asked(staged, path)) continue
      if (!(await hasShape(worktree, config, path, entry)))
        changes.push({ path, state: 'typechange', kind: config.tableAt(path) === null ? 'file' : 'table' })
    }
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    return { changes: [], fault: error.message }
  }
  return { changes, fault: null }
}

function* knownPaths(survey: Survey): Generator<Path> {
  for (const { path } of survey.proven()) yield path
  yield* survey.files.keys()
}

/** Whether the table of the index was made with this setting. */
async function isMadeWith(worktree: Worktree, entry: TableEntry, setting: TableSetting): Promise<boolean> {
  const { schema } = await loadTable(worktree.repo.nodes.reader, entry.table)
  const names = keyNames(schema)
  return names.length === setting.key.length && names.every((name, i) => name === setting.key[i])
}
