// The folder in which a server that tests have started keeps its data.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'

export interface ServerWithData {
  readonly data: string
  readonly end: () => Promise<unknown>
  readonly start: () => Promise<void>
}

/** Copies the folder, which stops and starts the server; what it returns puts the copy back in the same way. */
export async function backUp({ data, end, start }: ServerWithData): Promise<() => Promise<void>> {
  const copy = async (from: string, to: string): Promise<void> => {
    await end()
    fs.rmSync(to, { recursive: true, force: true })
    execFileSync('cp', ['-a', from, to])
    await start()
  }
  await copy(data, `${data}.saved`)
  return () => copy(`${data}.saved`, data)
}
