// Changed binary files as Git's patches have them: both versions whole, so that the patch can be taken back, deflated and in
// Git's base 85, 52 bytes a line behind a letter that says how many there are. Named by Git's own ids, which it checks.
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { FileDiff } from '../../../api/interface.ts'
import type { Output } from '../../output.ts'
import { gitHeader, hasNewMode, printLines } from './patch.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~'
const lineBytes = 52

/** false: it is too large, or was a table. */
export async function printBinary(out: Output, diff: FileDiff): Promise<boolean> {
  const contents = (await diff.contents?.()) ?? null
  if (contents === null) return false
  const { before, after } = contents
  const mode = before === null || after === null || hasNewMode(diff) ? '' : ` ${diff.modeAfter ?? '100644'}`
  printLines(out, [...gitHeader(diff), `index ${gitId(before)}..${gitId(after)}${mode}`])
  out.line('GIT binary patch')
  for (const side of [after, before]) {
    const bytes = side ?? new Uint8Array(0)
    out.line(`literal ${bytes.length}`)
    const packed = deflateSync(bytes)
    for (let at = 0; at < packed.length; at += lineBytes)
      out.line(base85Line(packed.subarray(at, at + lineBytes)))
    out.line()
    await out.drain()
  }
  return true
}

/** Of the blob. */
function gitId(bytes: Uint8Array | null): string {
  if (bytes === null) return '0'.repeat(40)
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

function base85Line(bytes: Uint8Array): string {
  const letter = String.fromCharCode(bytes.length <= 26 ? 64 + bytes.length : 70 + bytes.length)
  let line = letter
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0
    for (let i = 0; i < 4; i++) value = value * 256 + (bytes[at + i] ?? 0)
    let group = ''
    for (let i = 0; i < 5; i++) {
      group = alphabet[value % 85]! + group
      value = Math.floor(value / 85)
    }
    line += group
  }
  return line
}
