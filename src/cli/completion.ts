// Completion scripts for three shells, made from the command table. After commands that take a branch, branches are
// asked for when the key is pressed; everything else is in the script.
import type { OptionSpecs } from './interface.ts'

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: OptionSpecs
}

const takesBranch = new Set([
  'bisect',
  'switch',
  'merge',
  'branch',
  'log',
  'diff',
  'show',
  'reset',
  'revert',
  'cherry-pick',
  'rebase',
  'push',
  'tag',
])
const listBranches = 'varve branch --json 2>/dev/null | sed -n \'s/.*"name":"\\([^"]*\\)".*/\\1/p\''

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => `    ${name}) options="${flags(options).join(' ')}" ;;`)
  return `# bash completion for varve
_varve() {
  local word="\${COMP_WORDS[COMP_CWORD]}" verb="" options="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -C) ((i++)) ;;
      -*) ;;
      *) verb="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  if [[ -z $verb ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word"))
    return
  fi
  case "$verb" in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case "$verb" in
    ${[...takesBranch].join('|')})
      COMPREPLY=($(compgen -W "$(${listBranches})" -- "$word")) ;;
    help) COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word")) ;;
  esac
}
complete -o default -F _varve varve
`
}

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const verbs = commands.map(({ name, summary }) => `    ${zshQuoted(`${name}:${summary}`)}`)
  const cases = commands.map(({ name, options }) => {
    const specs = Object.entries(options).map(([option, { about }]) =>
      zshQuoted(`--${option}[${about.replaceAll(/[[\]]/g, '')}]`),
    )
    const last = takesBranch.has(name) ? "'*:branch:_varve_branches'" : "'*:file:_files'"
    return `    ${name}) _arguments -s ${specs.join(' ')} ${last} ;;`
  })
  return `#compdef varve
_varve_branches() {
  local -a branches
  branches=(\${(f)"$(${listBranches})"})
  _alternative "branches:branch:($branches)" 'files:file:_files'
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
_varve "$@"
`
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = ['# fish completion for varve']
  for (const { name, summary, options } of commands) {
    lines.push(`complete -c varve -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`)
    for (const [option, { about, short }] of Object.entries(options)) {
      const letter = short === undefined ? '' : ` -s ${short}`
      lines.push(
        `complete -c varve -n '__fish_seen_subcommand_from ${name}' -l ${option}${letter} -d ${fishQuoted(about)}`,
      )
    }
  }
  lines.push(
    `complete -c varve -n '__fish_seen_subcommand_from ${[...takesBranch].join(' ')}' -a ${fishQuoted(`(${listBranches})`)}`,
  )
  return `${lines.join('\n')}\n`
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
