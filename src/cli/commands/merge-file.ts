import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import path from 'node:path'
import { ownerName } from '../../store/disk/owner.ts'
import { systemFailure } from '../../base/system-error.ts'
import {
  type MarkerLabels,
  type MergedDocument,
  VarveError,
  markedDocument,
  mergeDocument,
} from '../../index.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

const bytesMax = 1 << 30

export const command: Command = {
  usage: ['merge-file [-p] [-L LABEL]... [--name PATH] OURS BASE THEIRS'],
  description:
    "Merges the changes from BASE to THEIRS into the file OURS, like 'git merge-file', but by content:\nCSV and TSV by row and cell, JSON and YAML by structure, other text by line. It needs no repository\nand no declarations: it looks for key columns by itself. Conflicts are written between markers, and\nthe exit code is then 21.",
  options: {
    print: { type: 'flag', short: 'p', aliases: ['stdout'], about: 'print the result, leave OURS as it is' },
    name: { type: 'text', value: 'PATH', about: 'take the format from the name PATH (default: OURS)' },
    label: {
      type: 'list',
      short: 'L',
      value: 'LABEL',
      about: 'a name for the markers: first of ours, then of base, then of theirs',
    },
    'marker-size': {
      type: 'text',
      value: 'N',
      about: 'length of the markers (default: 7), for files that contain such markers themselves',
    },
    ours: { type: 'flag', about: 'take our side where both changed the same place' },
    theirs: { type: 'flag', about: 'take their side there' },
  },
  examples: [
    ['varve merge-file mine.csv old.csv yours.csv', 'merge yours into mine.csv'],
    ['varve merge-file -p --name people.csv %A %O %B', 'print the merge of three temporary files'],
  ],
  json: "{ outcome: 'merged' | 'conflict'; form: 'table' | 'json' | 'jsonl' | 'yaml' | 'text' | null; basis: string; conflicts: { kind: string; where: string; column: string | null; base: string | null; ours: string | null; theirs: string | null }[]; content?: string }",
  run,
}

async function run({ arguments: given, out }: Context): Promise<number> {
  given.expectWords(3, 3, 'OURS, BASE and THEIRS')
  given.exclusive('ours', 'theirs')
  const [oursFile, baseFile, theirsFile] = given.words as [string, string, string]
  const name = given.text('name') ?? oursFile
  const [ours, base, theirs] = [oursFile, baseFile, theirsFile].map(readInput) as [Buffer, Buffer, Buffer]
  const labels = labelsOf(given.list('label'), [oursFile, baseFile, theirsFile])
  const markerSize = markerSizeOf(given.number('marker-size') ?? 7)
  const merged = mergeDocument({ base, ours, theirs }, { name })
  if (merged.kind === 'unfit') {
    out.result({ outcome: 'conflict', form: null, basis: merged.reason, conflicts: [] }, () => {
      out.warn(`cannot merge '${visible(name)}': ${merged.reason}`)
      out.hint('OURS is left as it is: choose a side by hand')
    })
    return 21
  }
  const favoured = given.flag('ours') ? 'ours' : given.flag('theirs') ? 'theirs' : null
  const conflicts = favoured === null ? merged.conflicts : []
  const bytes = favoured !== null ? merged.render(() => favoured) : withMarkers(merged, labels, markerSize)
  const isPrinted = given.flag('print')
  if (!isPrinted) replaceFile(oursFile, bytes)
  const outcome = conflicts.length > 0 ? 'conflict' : 'merged'
  const document = { outcome, form: merged.form, basis: merged.basis, conflicts }
  if (out.json) {
    out.result(isPrinted ? { ...document, content: Buffer.from(bytes).toString() } : document, () => {})
    return conflicts.length > 0 ? 21 : 0
  }
  if (isPrinted) await out.bytes(once(bytes))
  else out.say(`${outcome === 'merged' ? 'merged' : 'merged in part'} ${visible(oursFile)} (${merged.basis})`)
  if (conflicts.length > 0) out.warn(`${countOf(conflicts.length)} in '${visible(name)}'`)
  for (const { kind, where, column } of conflicts.slice(0, 20)) {
    out.warn(`${kind}: ${visible(column === null ? where : `${where}  ${column}`)}`)
  }
  return conflicts.length > 0 ? 21 : 0
}

function countOf(count: number): string {
  return count === 1 ? '1 conflict' : `${count} conflicts`
}

/** Git before 2.44 knows no placeholders for labels and hands them on as they are. */
const placeholders: Readonly<Record<string, string>> = { '%X': 'ours', '%S': 'base', '%Y': 'theirs' }

function labelsOf(given: readonly string[], files: readonly [string, string, string]): MarkerLabels {
  const [ours, base, theirs] = files.map((file, at) => {
    const label = given[at] ?? file
    // A line ends where a label does.
    return (placeholders[label] ?? label).replace(/[\r\n]+/g, ' ')
  }) as [string, string, string]
  return { ours, base, theirs }
}

function markerSizeOf(size: number): number {
  if (size >= 1 && size <= 1000) return size
  throw usage(`markers of ${size} signs: 1 to 1000 are possible`)
}

function withMarkers(merged: MergedDocument, labels: MarkerLabels, size: number): Uint8Array {
  if (merged.conflicts.length === 0) return merged.render()
  const marked = markedDocument(merged, { ...labels, size })
  if (marked !== null) return marked
  throw new VarveError(
    'VARVE_MERGE_CONFLICT',
    `${countOf(merged.conflicts.length)}, too far apart to be marked`,
    {
      hint: "OURS is left as it is; take one side with '--ours' or '--theirs', or see them with '--json'",
    },
  )
}

function readInput(file: string): Buffer {
  try {
    const { size } = fs.statSync(file)
    if (size <= bytesMax) return fs.readFileSync(file)
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${file}' is too large to be merged`, {
      data: { path: file, size, limit: bytesMax },
      hint: 'choose a side by hand: files of up to 1 GiB are merged',
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw systemFailure(error, `cannot read '${file}'`, file) ?? error
    }
    throw new VarveError('VARVE_PATH_NOT_FOUND', `no such file: '${file}'`, {
      data: { path: file },
      hint: "the three files are OURS, BASE and THEIRS; '/dev/null' is a file without content",
      cause: error,
    })
  }
}

/** A new file, flushed and renamed, with the permissions of the old one. */
function replaceFile(file: string, bytes: Uint8Array): void {
  const target = fs.realpathSync(file)
  const temporary = path.join(
    path.dirname(target),
    `.varve-tmp-${ownerName()}-${randomBytes(8).toString('hex')}`,
  )
  try {
    fs.writeFileSync(temporary, bytes, { flag: 'wx', flush: true, mode: fs.statSync(target).mode & 0o777 })
    fs.renameSync(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw systemFailure(error, `cannot write '${file}', which is as it was`, file) ?? error
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
