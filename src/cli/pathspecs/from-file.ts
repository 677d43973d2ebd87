// PATHs that stand in a file instead of the command line, one a line, as Git reads them: '--pathspec-from-file'.
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import { textFromBytes, textToBytes } from '../../files/text.ts'
import { type Arguments, usage } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import { fileBytes } from '../read-file.ts'

export const pathspecFileOptions: OptionSpecs = {
  'pathspec-from-file': {
    type: 'text',
    value: 'FILE',
    about: "read the PATHs from FILE, one per line ('-': standard input)",
  },
  'pathspec-file-nul': { type: 'flag', about: 'paths in FILE end with NUL instead, and are never quoted' },
}

/** The words that are paths: as they are typed, or from the file that is named. */
export async function pathWords(given: Arguments, typed: readonly string[]): Promise<readonly string[]> {
  const file = given.text('pathspec-from-file')
  const nul = given.flag('pathspec-file-nul')
  if (file === undefined) {
    if (nul) throw usage("'--pathspec-file-nul' goes with '--pathspec-from-file'")
    return typed
  }
  if (typed.length > 0) throw usage(`'${typed[0]!}' and '--pathspec-from-file' exclude each other`)
  const bytes = concatBytes((await collect(file === '-' ? process.stdin : fileBytes(file))) as Uint8Array[])
  const words = splitWords(textFromBytes(bytes), nul)
  // All that is changed is not what an empty list asks for.
  if (words.length === 0) throw usage(`'${file}' names no paths`)
  return words
}

function splitWords(text: string, nul: boolean): string[] {
  const words = nul ? text.split('\0') : text.split('\n').map((line) => unquoted(line.replace(/\r$/, '')))
  if (words.at(-1) === '') words.pop()
  return words
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
}

/** A line as Git quotes names, where it is quoted: '"a\tb"', with bytes as '\303'. */
function unquoted(line: string): string {
  if (!line.startsWith('"')) return line
  const inner = /^"((?:[^"\\]|\\(?:[0-3][0-7]{2}|[abfnrtv"\\]))*)"$/.exec(line)?.[1]
  if (inner === undefined) throw usage(`the line ${line} is not quoted as Git quotes paths`)
  const parts = [...inner.matchAll(/\\([0-3][0-7]{2})|\\(.)|[^\\]+/g)].map(([plain, octal, escape]) =>
    octal !== undefined
      ? Uint8Array.of(Number.parseInt(octal, 8))
      : escape === undefined
        ? textToBytes(plain)
        : utf8(escapes[escape]!),
  )
  return textFromBytes(concatBytes(parts))
}
