// A link's secret from the environment, or from a file that it names.
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { linkSecret } from '../../src/connectors/link-secret.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

describe("a link's secret", () => {
  const secret = (environment: Record<string, string>): Promise<string | null> =>
    linkSecret({ link: 'my-shop', environment }, 'PASSWORD')

  test('stands under its name, or in a file of which the end of line is no part', async () => {
    const file = path.join(temporaryDir(), 'secret')
    fs.writeFileSync(file, ' p@ss: \n')
    expect(await secret({ VARVE_LINK_MY_SHOP_PASSWORD: 'x', VARVE_LINK_MY_SHOP_PASSWORD_FILE: file })).toBe(
      'x',
    )
    expect(await secret({ VARVE_LINK_MY_SHOP_PASSWORD_FILE: file })).toBe(' p@ss: ')
    expect(await secret({ VARVE_LINK_MY_SHOP_PASSWORD: ' p@ss: \n' })).toBe(' p@ss: ')
    expect(await secret({ VARVE_LINK_SHOP_PASSWORD: 'x', VARVE_LINK_MY_SHOP_PASSWORD: '' })).toBe(null)
  })

  test('of a file that is not there or far too large is refused by the name of the variable', async () => {
    const file = path.join(temporaryDir(), 'secret')
    const reading = (): Promise<string> => fault(secret({ VARVE_LINK_MY_SHOP_PASSWORD_FILE: file }))
    expect(await reading()).toBe(
      'VARVE_REFUSED: cannot read the file that VARVE_LINK_MY_SHOP_PASSWORD_FILE names: no such file or folder',
    )
    fs.writeFileSync(file, 'x'.repeat(100_000))
    expect(await reading()).toMatch(/^VARVE_REFUSED: .* is too large for a secret$/)
  })
})
