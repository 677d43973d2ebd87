// Programs of the user's: whether one is there, looked for as a shell does.
import fs from 'node:fs'
import path from 'node:path'
import type { Environment } from './interface.ts'

/** The path of the program; null when there is no such program. */
export function findProgram(name: string, environment: Environment): string | null {
  const places = name.includes('/')
    ? [path.resolve(name)]
    : (environment['PATH'] ?? '').split(path.delimiter).map((dir) => path.join(dir || '.', name))
  return places.find(isProgram) ?? null
}

/** Whether a command line of a shell can be run, judged by its first word; a word that a shell has to expand passes. */
export function canRun(command: string, environment: Environment): boolean {
  const word = /^\s*([\w./+@:-]+)(?=\s|$)/.exec(command)?.[1]
  return word === undefined || findProgram(word, environment) !== null
}

/**
 * What starts a command line of a shell, with further arguments. Plain words need no shell: Ctrl-C would end that, while
 * the program goes on.
 */
export function startWords(command: string, args: readonly string[] = []): string[] {
  if (/^[\w\s./+@:,-]+$/.test(command)) return [...command.trim().split(/\s+/), ...args]
  return ['/bin/sh', '-c', `${command} "$@"`, command, ...args]
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}
