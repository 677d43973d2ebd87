// The tests of a sink of your own, to copy beside it: `npm install --save-dev varve vitest fast-check`, then
// `npx vitest run`. The fixture starts the real receiver, and shows what has come there.
import http from 'node:http'
import { sinkContract } from 'varve/contract'
import { sink } from './line-sink.mjs'

sinkContract('lines of JSON', async () => {
  const servers = []
  return {
    async receiver() {
      const messages = []
      let refused = () => false
      const server = http.createServer((request, response) => {
        let body = ''
        request.on('data', (part) => (body += part))
        request.on('end', () => {
          if (request.headers.authorization !== 'Bearer s3cret') return void response.writeHead(401).end()
          const rows = body
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line))
          const wrong = rows.filter(refused).map(({ id }) => [id, 'it is refused'])
          if (wrong.length > 0)
            return void response.writeHead(422).end(JSON.stringify({ refused: Object.fromEntries(wrong) }))
          messages.push(...rows)
          response.writeHead(204).end()
        })
      })
      servers.push(server)
      await new Promise((done) => server.listen(0, '127.0.0.1', done))
      return {
        url: `lines+http://127.0.0.1:${server.address().port}/rows`,
        environment: { VARVE_LINK_SHOP_TOKEN: 's3cret' },
        sinks: [sink],
        messages: async () => [...messages],
        refuse: (rule) => void (refused = rule),
      }
    },
    nowhere: 'lines+http://127.0.0.1:9/rows',
    environment: {},
    async stop() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((done) => server.close(done))
      }
    },
  }
})
