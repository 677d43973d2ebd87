// `add -p`, `restore -p`, `reset -p` and `stash -p`: shows each changed row of a table, each hunk of a text, and of other
// files that they differ, and asks what of it is meant. Nothing is done before the last answer.
import type { DiffOptions, FileDiff, LineHunk, RowChange } from '../../api/interface.ts'
import type { Key } from '../../api/tables/data.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { titleOf } from '../format/diff.ts'
import { printHunk } from '../format/patch/patch.ts'
import { keyColumnsOf, rowLine } from '../format/row-changes.ts'
import { keyText } from '../format/value.ts'
import type { Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { Questions } from './questions.ts'

/** What was agreed to of one file. */
export interface ChosenChanges {
  readonly path: string
  /** All that has changed in it. */
  readonly whole: boolean
  readonly rows: readonly Key[]
  readonly hunks: readonly LineHunk[]
}

type Answer = 'y' | 'n' | 'a' | 'd' | 'q'

const legend = [
  'y - yes',
  'n - no',
  'a - yes, and all that follow in this file',
  'd - no, and none that follow in this file',
  'q - no, and nothing that follows; what was agreed to stays agreed to',
]

/** `verb` as it is asked: 'Stage'. null: there was nothing to ask about, which is said. */
export async function chooseChanges(
  { out, operation }: Context,
  repo: Repository,
  wanted: DiffOptions,
  verb: string,
): Promise<readonly ChosenChanges[] | null> {
  if (out.json) throw usage("'-p' asks, and '--json' has no place for questions", 'name the rows: --key KEY')
  // A file that went and one that came are two questions, as in Git.
  const options = { ...wanted, renames: 'none' } as const
  const tables = new Set<string>()
  for await (const { path, kind } of repo.diffPaths(options)) if (kind === 'table') tables.add(path)
  const questions = new Questions(operation.signal)
  try {
    const chosen: ChosenChanges[] = []
    let hasAsked = false
    for await (const diff of repo.diff(options)) {
      hasAsked = true
      const file = new FileChoice(out, questions, verb, diff)
      const isTable = tables.has(diff.path)
      await file.ask(
        diff.state !== 'modified' ? 'file' : isTable ? 'row' : diff.kind === 'text' ? 'hunk' : 'file',
      )
      if (file.isAny) chosen.push(file)
      if (file.isOver) break
    }
    if (hasAsked) return chosen
    out.say('nothing has changed that could be chosen')
    return null
  } finally {
    questions.close()
  }
}

class FileChoice implements ChosenChanges {
  readonly path: string
  readonly rows: Key[] = []
  readonly hunks: LineHunk[] = []
  /** The answers are over, for all files. */
  isOver = false
  readonly #out: Output
  readonly #questions: Questions
  readonly #verb: string
  readonly #diff: FileDiff
  #agreed = 0
  #declined = 0
  /** The answer for all that follows in this file. */
  #always: Answer | null = null

  constructor(out: Output, questions: Questions, verb: string, diff: FileDiff) {
    this.path = diff.path
    this.#out = out
    this.#questions = questions
    this.#verb = verb
    this.#diff = diff
  }

  get isAny(): boolean {
    return this.#agreed > 0
  }

  get whole(): boolean {
    return this.#declined === 0
  }

  async ask(unit: 'row' | 'hunk' | 'file'): Promise<void> {
    this.#out.line(this.#out.paint('bold', titleOf(this.#diff)))
    for (const sentence of this.#diff.schemaChanges) this.#out.line(`  * ${visible(sentence)}`)
    if (unit === 'row') await this.#askRows()
    if (unit === 'hunk') await this.#askHunks()
    // What is no change of rows or lines: its mode, its columns, the order of its rows.
    if (this.#agreed + this.#declined === 0) await this.#agrees('this file', () => {})
  }

  async #askRows(): Promise<void> {
    for await (const batch of this.#diff.rows())
      for (const row of batch) {
        if (await this.#agrees('this row', () => this.#showRow(row))) this.rows.push(row.key as Key)
        if (this.#isDone) return
      }
  }

  async #askHunks(): Promise<void> {
    for await (const hunk of this.#diff.hunks()) {
      if (await this.#agrees('this change', () => printHunk(this.#out, hunk))) this.hunks.push(hunk)
      if (this.#isDone) return
    }
  }

  /** Nothing that follows in this file is agreed to. */
  get #isDone(): boolean {
    return this.isOver || this.#always === 'd'
  }

  #showRow(row: RowChange): void {
    const columns = keyColumnsOf(this.#diff, row)
    const line = rowLine(row, keyText(row.key, columns), columns, this.#out.verbose, this.#out.paint)
    this.#out.line(`  ${line}`.trimEnd())
  }

  async #agrees(what: string, show: () => void): Promise<boolean> {
    if (this.#always === null) show()
    const answer = this.#always ?? (await this.#answer(what))
    if (answer === 'q') this.isOver = true
    if (answer === 'a' || answer === 'd') this.#always = answer
    const agrees = answer === 'y' || answer === 'a'
    if (agrees) this.#agreed++
    else this.#declined++
    return agrees
  }

  async #answer(what: string): Promise<Answer> {
    for (;;) {
      await this.#out.flush()
      const typed = await this.#questions.ask(`${this.#verb} ${what} [y,n,q,a,d,?]? `)
      // The input has ended.
      if (typed === null) return 'q'
      const letter = typed.toLowerCase()
      if (letter === 'y' || letter === 'n' || letter === 'q' || letter === 'a' || letter === 'd')
        return letter
      for (const line of legend) this.#out.line(line)
    }
  }
}
