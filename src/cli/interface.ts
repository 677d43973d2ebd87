// What a command is: its words (usage, options, examples), from which parsing, help, completion and docs/CLI.md are
// made, and `run`, which gets everything it may use in a context. A command prints through `out` alone.
import type { OperationOptions } from '../api/interface.ts'
import type { Repository } from '../index.ts'
import type { Arguments } from './arguments.ts'
import type { Output } from './output.ts'

export interface OptionSpec {
  /** 'list' may be given several times; so may 'optional', whose value stands in the same word ('--name=VALUE') or is not given. */
  readonly type: 'flag' | 'text' | 'list' | 'optional'
  /** For 'optional': the next word is its value too, where that is no option. */
  readonly nextWord?: true
  readonly short?: string
  /** Other long names for it. */
  readonly aliases?: readonly string[]
  /** What stands for the value in help; REV, BRANCH and REMOTE are completed by what there is. */
  readonly value?: string
  /** What the value may be, or often is, for completion. */
  readonly choices?: readonly string[]
  readonly about: string
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

export interface Command {
  readonly usage: readonly string[]
  readonly description: string
  readonly options: OptionSpecs
  readonly examples: readonly (readonly [command: string, why: string])[]
  /** The document that --json prints, in TypeScript's notation. */
  readonly json: string
  /** Words behind this one are a command line of its own, options included. */
  readonly verbatimAfter?: string
  /** Its answer may be long: on a terminal it goes through a pager. */
  readonly pages?: (given: Arguments) => boolean
  /** The option that '-5' stands for. */
  readonly numberOption?: string
  /** How long it may take to stop when it is told to; default two seconds. */
  readonly patienceMs?: number
  /** Resolves to the exit code. */
  readonly run: (context: Context) => Promise<number>
}

export interface CommandEntry {
  readonly name: string
  readonly group: 'start' | 'changes' | 'history' | 'branches' | 'merging' | 'remotes' | 'data' | 'upkeep'
  readonly summary: string
  readonly load: () => Promise<{ readonly command: Command }>
}

export interface Context {
  readonly arguments: Arguments
  readonly out: Output
  /** `signal` and `onProgress`, for every call that can take long. */
  readonly operation: OperationOptions
  readonly environment: Environment
  /** Somebody sits at a terminal, and can be asked. */
  readonly interactive: boolean
  /** Runs another program that has the terminal meanwhile: nothing is drawn there, and Ctrl-C is for it. */
  readonly handOver: <T>(work: () => Promise<T>) => Promise<T>
  /** Varve's version. */
  readonly version: string
  /** The repository around the working directory; opened once, closed when the command ends. */
  readonly repository: (options?: RepositoryNeeds) => Promise<Repository>
}

export interface RepositoryNeeds {
  /** The command writes commits: who does must be known. */
  readonly commits?: boolean
  /** It checks signatures: whose are good must be known. */
  readonly signatures?: boolean
  /** As given by `commit --date`: replaces the clock. */
  readonly date?: string | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>
