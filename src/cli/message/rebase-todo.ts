// `rebase -i`: the commits as a list that a person edits, a line for each, as Git has it; and the messages that are
// written on the way. Nobody is asked twice for the same, when another process was faster.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { counted } from '../../base/size.ts'
import type { RebaseStep, StepOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { shortId } from '../format/commit.ts'
import type { Context } from '../interface.ts'
import { visibleLine } from '../visible.ts'
import { MessageEditor } from './draft.ts'

/** As much of a list as is read. */
const bytesMax = 16 * 1024 * 1024

const actions = ['pick', 'reword', 'edit', 'squash', 'fixup'] as const

const help = [
  'A line is a commit, and they are done from top to bottom:',
  'p, pick    take it',
  'r, reword  take it, and write its message anew',
  'e, edit    take it, and stop to change it',
  's, squash  take it into the one before, and write a message for both',
  'f, fixup   take it into the one before, whose message stays',
  'd, drop    leave it out, as if its line were gone',
  'Without any line nothing is done.',
]

/** Asks for the list in an editor. */
export function stepsEditor(context: Context, repo: Repository, onto: string): StepOptions['editSteps'] {
  let edited: { readonly of: string; readonly steps: readonly RebaseStep[] } | null = null
  return async (steps) => {
    const lines = steps.map(({ action, id, subject }) => `${action} ${shortId(id)} ${visibleLine(subject)}`)
    const of = lines.join('\n')
    if (edited?.of !== of) edited = { of, steps: await editList(context, repo, { lines, steps, onto }) }
    return edited.steps
  }
}

async function editList(
  { environment, handOver }: Context,
  repo: Repository,
  list: { readonly lines: readonly string[]; readonly steps: readonly RebaseStep[]; readonly onto: string },
): Promise<readonly RebaseStep[]> {
  await repo.committer()
  const { editorCommand, runEditor } = await import('./editor.ts')
  const editor = await editorCommand(environment)
  const file = path.join(repo.dotDir, 'REBASE_TODO')
  const about = [`Rebase of ${counted(list.lines.length, 'commit')} onto ${list.onto}`, '', ...help]
  const text = [...list.lines, '', ...about.map((line) => `# ${line}`.trimEnd()), ''].join('\n')
  fs.writeFileSync(file, text, { mode: 0o600 })
  await handOver(() => runEditor(editor, file, environment))
  if (fs.statSync(file).size > bytesMax) throw fault('the list is too long', file)
  const steps = parseList(fs.readFileSync(file, 'utf8'), list.steps, file)
  fs.rmSync(file, { force: true })
  if (steps !== null) return steps
  throw new VarveError('VARVE_ABORTED', 'stopped: the list is empty', { hint: 'nothing was changed' })
}

/** null: no line is left. */
function parseList(text: string, steps: readonly RebaseStep[], file: string): RebaseStep[] | null {
  const found: RebaseStep[] = []
  let count = 0
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line === 'noop') continue
    count++
    const [word = '', id = ''] = line.split(/\s+/)
    if (word === 'drop' || word === 'd') continue
    const action = actions.find((one) => one === word || one[0] === word)
    if (action === undefined) throw fault(`line ${i + 1}: there is no '${visibleLine(word)}' here`, file)
    const those = id.length < 4 ? [] : steps.filter((step) => step.id.startsWith(id))
    if (those.length !== 1) throw fault(`line ${i + 1}: '${visibleLine(id)}' is none of these commits`, file)
    found.push({ ...those[0]!, action })
  }
  return count === 0 ? null : found
}

function fault(what: string, file: string): VarveError {
  return new VarveError('VARVE_USAGE', what, {
    hint: `nothing was changed; the list is kept in '${path.relative(process.cwd(), file)}', and 'varve rebase -i' makes a new one`,
  })
}

/** Asks for messages in an editor. */
export function stepMessages(context: Context, repo: Repository): StepOptions['editStep'] {
  const written = new Map<string, string>()
  return async (proposed, { id }) => {
    const key = `${id} ${proposed}`
    const about = [`the message of ${shortId(id)} in this rebase`]
    const editor = new MessageEditor(context, repo.dotDir)
    const message = written.get(key) ?? (await editor.write({ file: 'REBASE_EDITMSG', proposed, about }))
    fs.rmSync(path.join(repo.dotDir, 'REBASE_EDITMSG'), { force: true })
    written.set(key, message)
    return message
  }
}
