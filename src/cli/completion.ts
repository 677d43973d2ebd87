// Completion scripts for three shells, made from the command table. Branches, tags and remotes are asked for when the key is
// pressed; everything else is in the script. Values of options of which nothing is known may be files.
import { leadingOptions } from './common-options.ts'
import type { OptionSpec, OptionSpecs } from './interface.ts'

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly usage: readonly string[]
  readonly options: OptionSpecs
}

const takesRevision = [
  'bisect',
  'blame',
  'branch',
  'cherry-pick',
  'describe',
  'diff',
  'log',
  'ls',
  'merge',
  'merge-base',
  'pull',
  'push',
  'rebase',
  'reset',
  'rev-parse',
  'revert',
  'show',
  'switch',
  'tag',
]
const takesRemote = ['fetch', 'mirror', 'pull', 'push', 'remote']

function listOf(command: string): string {
  return `varve ${command} --json 2>/dev/null | sed -n 's/.*"name":"\\([^"]*\\)".*/\\1/p'`
}

// One name a line: tags come in one.
const listRevisions = `{ ${listOf('branch -a')}; varve tag --json 2>/dev/null | tr '{' '\\n' | sed -n 's/^"name":"\\([^"]*\\)".*/\\1/p'; }`
const listRemotes =
  "varve remote --json 2>/dev/null | tr '{' '\\n' | sed -n 's/^\"name\":\"\\([^\"]*\\)\".*/\\1/p'"

/** What may stand behind an option: words, or what a shell finds out; null: nothing is known of it. */
function valuesOf({ value, choices }: OptionSpec): readonly string[] | 'revisions' | 'remotes' | null {
  if (choices !== undefined) return choices
  if (value === 'REV' || value === 'BRANCH') return 'revisions'
  return value === 'REMOTE' ? 'remotes' : null
}

function takesNextWord({ type, nextWord }: OptionSpec): boolean {
  return type !== 'flag' && (type !== 'optional' || nextWord === true)
}

/** The words that say what a command is to do: 'add' of 'remote add NAME URL', 'pop' and 'apply' of 'stash pop | apply'. */
export function actionsOf({ name, usage }: Pick<CompletedCommand, 'name' | 'usage'>): string[] {
  const actions = usage.flatMap((line) => {
    const rest = line.slice(name.length + 1)
    return (/^\[?([a-z][a-z-]*(?: ?\| ?[a-z][a-z-]*)*)\]?(?= |$)/.exec(rest)?.[1] ?? '').split(/ ?\| ?/)
  })
  return [...new Set(actions)].filter((action) => action !== '')
}

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const cases = commands.map((command) => {
    const words = command.name === 'help' ? names : actionsOf(command).join(' ')
    return `    ${command.name}) options="${flags(command.options).join(' ')}" actions="${words}" ;;`
  })
  const values = commands.flatMap((command) => bashValues(command))
  return `# bash completion for varve
_varve() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" verb="" options="${flags(leadingOptions).join(' ')}" actions="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -C) ((i++)) ;;
      -*) ;;
      *) verb="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$verb" in
    "") actions="${names}" ;;
${cases.join('\n')}
  esac
  [[ $word == "=" ]] && word=""
  [[ $before == "=" ]] && before="\${COMP_WORDS[COMP_CWORD-2]}"
  case "$verb $before" in
${values.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  ((i + 1 < COMP_CWORD)) && actions=""
  case "$verb" in
    ${takesRemote.join('|')}) actions+=" $(${listRemotes})" ;;
  esac
  case "$verb" in
    ${takesRevision.join('|')}) actions+=" $(${listRevisions})" ;;
  esac
  COMPREPLY=($(compgen -W "$actions" -- "$word"))
}
complete -o default -F _varve varve
`
}

/** For each option of the command, the lines of bash that complete its value. */
function bashValues({ name, options }: CompletedCommand): string[] {
  return Object.entries(options).flatMap(([option, spec]) => {
    const values = valuesOf(spec)
    if (!takesNextWord(spec)) return []
    const words =
      values === 'revisions'
        ? `$(${listRevisions})`
        : values === 'remotes'
          ? `$(${listRemotes})`
          : values?.join(' ')
    const given = [`--${option}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])]
    const pattern = given.map((one) => `"${name} ${one}"`).join('|')
    return [
      `    ${pattern}) COMPREPLY=(${words === undefined ? '' : `$(compgen -W "${words}" -- "$word")`}); return ;;`,
    ]
  })
}

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const verbs = commands.map(({ name, summary }) => `    ${zshQuoted(`${name}:${summary}`)}`)
  const cases = commands.map((command) => {
    const specs = Object.entries(command.options).map(([option, spec]) =>
      zshQuoted(`--${option}[${spec.about.replaceAll(/[[\]]/g, '')}]${zshValue(spec)}`),
    )
    const words = command.name === 'help' ? commands.map(({ name }) => name) : actionsOf(command)
    const first = words.length === 0 ? '' : ` '1:word: _varve_words "" ${words.join(' ')}'`
    return `    ${command.name}) _arguments -s ${specs.join(' ')}${first} '*:word: _varve_words ${command.name}' ;;`
  })
  return `#compdef varve
_varve_names() {
  local -a found
  case $1 in
    revisions) found=(\${(f)"$(${listRevisions})"}) ;;
    remotes) found=(\${(f)"$(${listRemotes})"}) ;;
  esac
  compadd -a found
}
_varve_words() {
  local -a found
  case $1 in
    ${takesRemote.join('|')}) found+=(\${(f)"$(${listRemotes})"}) ;;
  esac
  case $1 in
    ${takesRevision.join('|')}) found+=(\${(f)"$(${listRevisions})"}) ;;
  esac
  shift
  found+=("$@")
  compadd -a found
  _files
}
_varve() {
  local -a verbs
  verbs=(
${verbs.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command verbs
    return
  fi
  local verb=$words[2]
  shift words
  ((CURRENT--))
  case $verb in
${cases.join('\n')}
    *) _files ;;
  esac
}
if [[ $funcstack[1] == _varve ]]; then _varve "$@"; else compdef _varve varve; fi
`
}

function zshValue(spec: OptionSpec): string {
  if (!takesNextWord(spec)) return ''
  const values = valuesOf(spec)
  // The second of its words says what kind of names may stand there.
  if (values === 'revisions' || values === 'remotes') return `:name: _varve_names ${values}`
  return values === null ? ':value:_files' : `:value:(${values.join(' ')})`
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = ['# fish completion for varve']
  const after = (names: readonly string[]): string => `'__fish_seen_subcommand_from ${names.join(' ')}'`
  const optionLines = (when: string, options: OptionSpecs): string[] =>
    Object.entries(options).map(([option, spec]) => {
      const letter = spec.short === undefined ? '' : ` -s ${spec.short}`
      return `complete -c varve -n ${when} -l ${option}${letter}${fishValue(spec)} -d ${fishQuoted(spec.about)}`
    })
  lines.push(...optionLines('__fish_use_subcommand', leadingOptions))
  for (const command of commands) {
    const { name, summary, options } = command
    lines.push(`complete -c varve -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`)
    const words = name === 'help' ? commands.map((other) => other.name) : actionsOf(command)
    if (words.length > 0)
      lines.push(`complete -c varve -n ${after([name])} -a ${fishQuoted(words.join(' '))}`)
    lines.push(...optionLines(after([name]), options))
  }
  lines.push(
    `complete -c varve -n ${after(takesRevision)} -a ${fishQuoted(`(${fishRevisions})`)}`,
    `complete -c varve -n ${after(takesRemote)} -a ${fishQuoted(`(${listRemotes})`)}`,
  )
  return `${lines.join('\n')}\n`
}

// Fish has no braces that group commands.
const fishRevisions = listRevisions.replace('{ ', 'begin; ').replace(/ }$/, ' end')

function fishValue(spec: OptionSpec): string {
  if (!takesNextWord(spec)) return ''
  const values = valuesOf(spec)
  if (values === null) return ' -r'
  const words =
    values === 'revisions'
      ? `(${fishRevisions})`
      : values === 'remotes'
        ? `(${listRemotes})`
        : values.join(' ')
  return ` -x -a ${fishQuoted(words)}`
}

function flags(options: OptionSpecs): string[] {
  return Object.entries(options).flatMap(([name, { short }]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  )
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
