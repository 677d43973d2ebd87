import * as fs from 'node:fs'
import {
  diffDocument,
  type FileDiff,
  installGitDriver,
  uninstallGitDriver,
  type GitDriverPlace,
} from '../../index.ts'
import { eachOf } from '../../base/iterables.ts'
import { usage } from '../arguments.ts'
import { printDiffs } from '../format/diff.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['git-driver install [--global | --committed]', 'git-driver uninstall [--global | --committed]'],
  description:
    "Lets Git merge and show data files as Varve does: 'git merge' merges CSV, TSV, JSON and YAML by\ncells and values (also in rebase, cherry-pick, revert and stash), and 'git diff' shows tables by\nrows, and JSON and YAML by values.\n\nThe patterns of these files are written to .git/info/attributes of this clone, with --committed to\n.gitattributes for everybody (who has to install the driver too), and with --global to your own\nattributes. 'git diff --no-ext-diff' shows lines as before, and so do 'git log -p' and 'git show'\nwithout --ext-diff. Conflicts are written between markers, with the base's lines among them,\nwhatever merge.conflictStyle says.",
  options: {
    global: { type: 'flag', about: 'for all your repositories' },
    committed: { type: 'flag', about: 'write .gitattributes, for everybody who uses the repository' },
  },
  examples: [
    ['varve git-driver install', 'use it in this clone'],
    ['varve git-driver uninstall', "go back to Git's own merge and diff"],
  ],
  json: "{ attributes: string; patterns?: string[] }; diff, which Git calls: as 'varve diff'",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out } = context
  given.exclusive('global', 'committed')
  const [verb, ...words] = given.words
  const place: GitDriverPlace = given.flag('global')
    ? 'user'
    : given.flag('committed')
      ? 'committed'
      : 'clone'
  const dir = process.cwd()
  if (verb === 'diff') return diff(context, words)
  if (words.length > 0) throw usage(`unexpected argument '${words[0]}'`)
  if (verb === 'install') {
    const done = installGitDriver({ dir, place, command: ownCommand() })
    out.result(done, () => {
      out.say(`Git merges data files with varve now: ${done.patterns.join(' ')}`)
      out.say(`attributes are in ${visible(done.attributes)}`)
    })
    return 0
  }
  if (verb === 'uninstall') {
    const done = uninstallGitDriver({ dir, place })
    out.result(done, () => out.say('Git merges and shows data files by itself again'))
    return 0
  }
  throw usage(verb === undefined ? "say 'install' or 'uninstall'" : `no such action: '${verb}'`)
}

/** The command that starts this very program, quoted, because Git runs it in a shell. */
function ownCommand(): string {
  const quoted = (word: string): string => `'${word.replaceAll('\\', '/').replaceAll("'", String.raw`'\''`)}'`
  return `${quoted(process.execPath)} ${quoted(fs.realpathSync(process.argv[1]!))}`
}

/**
 * Git's arguments: path, old file, its hash and mode, new file, its hash and mode, and of a renamed file its new path; for
 * a path in conflict the path alone.
 */
async function diff({ out }: Context, words: readonly string[]): Promise<number> {
  const [path, oldFile, , , newFile, , , renamed] = words
  if (path === undefined) throw usage("'git-driver diff' is called by Git")
  if (oldFile === undefined || newFile === undefined) {
    out.line(`* Unmerged path ${visible(path)}`)
    return 0
  }
  const [before, after] = [readIfThere(oldFile), readIfThere(newFile)]
  const found = fileDiff(renamed ?? path, before, after)
  const shown = renamed === undefined ? found : ({ ...found, state: 'renamed', from: path } as const)
  await printDiffs(out, eachOf([shown]))
  return 0
}

function readIfThere(file: string): Buffer | null {
  return file === '/dev/null' || file === 'nul' ? null : fs.readFileSync(file)
}

function fileDiff(path: string, before: Buffer | null, after: Buffer | null): FileDiff {
  const nothing = new Uint8Array(0)
  const found = diffDocument(before ?? nothing, after ?? nothing, { name: path })
  const state = before === null ? 'added' : after === null ? 'deleted' : 'modified'
  const common = {
    path,
    state,
    sizeBefore: before?.length ?? null,
    sizeAfter: after?.length ?? null,
  } as const
  async function* none(): AsyncGenerator<never> {}
  if (found.kind === 'rows') {
    const { schemaChanges, keyColumns, changes } = found
    const key = keyColumns.length === 0 ? ['row'] : keyColumns
    return {
      ...common,
      kind: 'table',
      schemaChanges,
      keyColumns: key,
      rows: () => eachOf([[...changes]]),
      hunks: none,
      values: async () => null,
    }
  }
  const hunks = found.kind === 'lines' ? found.hunks : []
  const kind = found.kind === 'lines' ? 'text' : 'binary'
  const values = before === null || after === null || found.kind !== 'lines' ? null : found.values
  return {
    ...common,
    kind,
    schemaChanges: [],
    rows: none,
    hunks: () => eachOf(hunks),
    values: async () => values,
  }
}
