// Passes TCP connections on to a port of this machine and counts the bytes each way: `node relay.js PORT`. Says where it
// listens on its first line; on SIGUSR2 says how much has passed since the last time.
import net from 'node:net'

const target = Number(process.argv[2])
let [sent, received] = [0, 0]

const server = net.createServer((client) => {
  const upstream = net.connect(target, '127.0.0.1')
  client.on('data', (part) => (sent += part.length)).pipe(upstream)
  upstream.on('data', (part) => (received += part.length)).pipe(client)
  const end = () => {
    client.destroy()
    upstream.destroy()
  }
  client.on('error', end)
  upstream.on('error', end)
})
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`))
process.on('SIGUSR2', () => {
  console.log(`sent ${sent} received ${received}`)
  ;[sent, received] = [0, 0]
})
