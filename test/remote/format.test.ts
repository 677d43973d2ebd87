// docs/format/exchange.md prints the beginning of a bundle; it is what the code writes and reads.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { parseCid } from '../../src/encoding/cid.ts'
import {
  decodeBundleHeader,
  encodeBundleHeader,
  preludeBytes,
  readPrelude,
} from '../../src/remote/transports/bundle/header.ts'

const page = readFileSync(new URL('../../docs/format/exchange.md', import.meta.url), 'utf8')
const printed = page.split('### Vector: bundle')[1]!.split('```')[1]!.replaceAll(/\s/g, '')

test('the beginning of a bundle', () => {
  const commit = parseCid('bafyreigx3ddgzmrnbeqppown5rdxdg54b4nwlgawdrw7fb5g6tsrr5nfw4')!
  const header = {
    head: 'refs/heads/main',
    refs: new Map([['refs/heads/main', commit]]),
    needs: [commit],
    files: [
      { name: `idx/${'a'.repeat(64)}.idx`, bytes: 1200 },
      { name: `packs/bb/${'b'.repeat(64)}.pack`, bytes: 300 },
    ],
  }
  expect(toHex(encodeBundleHeader(header))).toBe(printed)
  const bytes = fromHex(printed)
  const length = readPrelude(bytes, 'vector')
  const body = bytes.subarray(preludeBytes)
  expect(body.length).toBe(length)
  expect(decodeBundleHeader(bytes.subarray(0, preludeBytes), body, bytes.length + 1500, 'vector')).toEqual(
    header,
  )
})
