// URLs of sinks: what is misspelt or secret in them is refused before anybody is asked.
import { describe, expect, test } from 'vitest'
import { openSink } from '../../../src/connectors/open-sink.ts'

describe('addresses of sinks', () => {
  const refused = async (url: string): Promise<string> => {
    try {
      await openSink(url, { link: 'shop', environment: {} })
      return 'opened'
    } catch (error) {
      const { code, message, hint } = error as { code: string; message: string; hint?: string }
      return `${code}: ${message}: ${hint}`
    }
  }

  test.each([
    ['redis://127.0.0.1:9/0?prefx=a', "there is no setting 'prefx': it has 'prefix'"],
    ['redis://127.0.0.1:9/people', 'is the number of a database'],
    ['amqp://127.0.0.1:9/?exchnge=a', "there is no setting 'exchnge': it has 'exchange'"],
    ['nats://127.0.0.1:9/shop?stream=a', "there is no setting 'stream': it has none"],
    ['mqtt://127.0.0.1:9/shop#x', 'write it as %23'],
    ['mqtt://127.0.0.1:9/shop/#', 'write it as %23'],
    ['mqtt://127.0.0.1:9/shop/%2B', 'it is a pattern'],
    ['nats://127.0.0.1:9/shop.*', 'it is a pattern'],
    ['redis://', 'it names no host'],
  ])('%s says what is wrong with it', async (url, hint) => {
    const said = await refused(url)
    expect(said).toMatch(/^VARVE_USAGE: not an endpoint that rows can be sent to/)
    expect(said).toContain(hint)
  })

  test.each(['redis', 'nats', 'amqp', 'mqtt', 'kafka', 'webhook+https'])(
    'a password in the URL of %s is refused, and not shown',
    async (scheme) => {
      const said = await refused(`${scheme}://ada:sesame@127.0.0.1:9/shop`)
      expect(said).toMatch(/^VARVE_REFUSED: an endpoint's URL must not hold a password/)
      expect(said).not.toContain('sesame')
    },
  )
})
