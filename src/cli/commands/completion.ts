import { usage } from '../arguments.ts'
import { commands } from '../commands.ts'
import { commonOptions } from '../common-options.ts'
import { bashCompletion, fishCompletion, zshCompletion } from '../completion.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['completion bash | zsh | fish'],
  description:
    'Prints a script that completes commands, their actions, options and option values, and names of\nbranches, tags and remotes.',
  options: {},
  examples: [
    ['varve completion bash > ~/.local/share/bash-completion/completions/varve', 'for bash'],
    ['varve completion zsh > "${fpath[1]}/_varve"', 'for zsh'],
    ['varve completion fish > ~/.config/fish/completions/varve.fish', 'for fish'],
  ],
  json: '{ shell: string; script: string }',
  run,
}

const makers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

async function run({ arguments: given, out }: Context): Promise<number> {
  given.expectWords(1, 1, 'bash, zsh or fish')
  const shell = given.words[0]!
  if (!Object.hasOwn(makers, shell))
    throw usage(`no completion for '${shell}'`, 'there is one for bash, zsh and fish')
  const words = await Promise.all(
    commands.map(async ({ name, summary, load }) => {
      const { command: loaded } = await load()
      return { name, summary, usage: loaded.usage, options: { ...loaded.options, ...commonOptions } }
    }),
  )
  const script = makers[shell as keyof typeof makers](words)
  out.result({ shell, script }, () => {
    for (const line of script.trimEnd().split('\n')) out.line(line)
  })
  return 0
}
