// News of many paths: the first of them, and how many more there are. An answer that was asked for is never cut.
import type { Output } from '../output.ts'

const toldMax = 100

/** Those that are told: all with -v. */
export function firstTold<T>(items: readonly T[], { verbose }: Pick<Output, 'verbose'>): readonly T[] {
  return verbose || items.length <= toldMax ? items : items.slice(0, toldMax)
}

/** Of paths that `varve status` lists as well. */
export function tellPaths(out: Output, paths: readonly string[], line: (path: string) => string): void {
  const told = firstTold(paths, out)
  for (const path of told) out.say(line(path))
  for (const more of moreTold(paths.length, told.length, 'varve status')) out.say(more)
}

/** A line with the number of the others; no line if there are no others. `command` lists all. */
export function moreTold(all: number, told: number, command: string): string[] {
  return all === told ? [] : [`  and ${all - told} more: '${command}' lists all`]
}
