// Connections that read into two pieces of memory by turns. Node makes new memory for each 64 KiB that comes; for a gibibyte
// the collector runs some fifty times over that, and clears and pages it in as often. What a piece holds has been taken by
// the time it is used again: undici hands parts on while it reads them (exchange.ts), and what it left in the socket is
// seen there, and then fresh memory is used. Should that ever be wrong, hashes tell.
import type { Socket } from 'node:net'
import { buildConnector } from 'undici'

const pieceBytes = 128 << 10

export function connecting(options: buildConnector.BuildOptions): buildConnector.connector {
  /** The TLS session, which saves the next connection the full handshake. */
  let session: Buffer | undefined
  return (target, done) => {
    let socket: Socket | null = null
    const pieces = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
    let turn = 0
    /** Length of the part that came last; if no more than that waits, the other piece of memory is free. */
    let lastBytes = 0
    const onread = {
      buffer: (): Uint8Array => {
        if (socket !== null && socket.readableLength > lastBytes) return Buffer.allocUnsafeSlow(pieceBytes)
        turn = 1 - turn
        return pieces[turn]!
      },
      callback: (bytes: number, piece: Uint8Array): boolean => {
        lastBytes = bytes
        return socket!.push(piece.subarray(0, bytes))
      },
    }
    // Handed on to net.connect and tls.connect, as all options are that undici does not know.
    const all = { ...options, onread, session } as buildConnector.BuildOptions
    socket = buildConnector(all)(target, done) as unknown as Socket
    socket.on('session', (next: Buffer) => (session = next))
  }
}
