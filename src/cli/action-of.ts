// The word behind a command that says what it is to do: 'pop' of 'stash pop'.
import { usage } from './arguments.ts'

/** @throws VarveError VARVE_USAGE for a word that is none of them */
export function actionOf<Action>(
  command: string,
  actions: Readonly<Record<string, Action>>,
  verb: string,
): Action {
  if (Object.hasOwn(actions, verb)) return actions[verb]!
  const verbs = Object.keys(actions)
  throw usage(`'${command} ${verb}' is none of ${verbs.slice(0, -1).join(', ')} and ${verbs.at(-1)!}`)
}
