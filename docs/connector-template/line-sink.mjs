// A sink of your own, to copy and to change: a service that takes changed rows as lines of JSON in a POST. It is whole, if
// small, and passes the same tests as those that come with Varve (line-sink.test.mjs). What the service answers:
//
//   204                                   all of them are stored
//   422 {"refused":{"5f0c…":"too old"}}   these rows are refused, by id, and none of the others is stored yet
//   429, 503 {"left":["5f0c…"]}           there is no room now for these; the others are stored
//
// It stores a message before it confirms it, and leaves out an id that it has seen. Use:
// VARVE_CONNECTORS=/path/line-sink.mjs varve link add feed lines+https://example.org/rows --tables people --mode materialize

/** What Varve asks for first: a name for messages, the URLs it is for, and how to connect. */
export const sink = {
  name: 'lines of JSON: lines+https://HOST/PATH',
  accepts: (url) => /^lines\+https?:\/\//.test(url),
  open: async (url, options) => {
    const target = new URL(url.replace('lines+', ''))
    const variable = `VARVE_LINK_${options.link.toUpperCase().replaceAll('-', '_')}_TOKEN`
    const token = options.environment?.[variable]
    const headers = {
      'content-type': 'application/x-ndjson',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    return connection({ target, headers, kit: options.kit })
  },
}

function connection({ target, headers, kit }) {
  const location = `${target.origin}${target.pathname}`
  return {
    location,
    // The same as long as it is the same receiver: another one has been told nothing yet.
    identity: `lines:${location}`,

    async deliver(batch) {
      // The last batch of a delivery may have nothing to say.
      if (batch.messages.length === 0) return
      const body = batch.messages.map((message) => `${kit.messageJson(batch, message)}\n`).join('')
      const { status, said } = await post({ target, headers, body, signal: batch.signal, location, kit })
      if (status >= 200 && status < 300) return
      if (status === 422) {
        const refused = said.refused ?? {}
        const [why] = Object.values(refused)
        throw new kit.RowsRefused(`'${location}' refuses rows: ${why ?? 'it does not say why'}`, {
          // Without ids the batch is sent again in halves, until it is known which row it was.
          ids: why === undefined ? null : new Set(Object.keys(refused)),
        })
      }
      if ((status === 429 || status === 503) && Array.isArray(said.left))
        throw new kit.SinkFull(location, `it answers ${status}`, { left: said.left })
      // What passes by itself is tried again by --every and --follow; of the rest they make an end.
      const code = status === 429 || status >= 500 ? 'VARVE_UNREACHABLE' : 'VARVE_REFUSED'
      throw new kit.VarveError(code, `'${location}' answers ${status}`, { data: { status } })
    },

    close: async () => {},
  }
}

async function post({ target, headers, body, signal, location, kit }) {
  try {
    const answer = await fetch(target, { method: 'POST', headers, body, signal, redirect: 'manual' })
    const text = await answer.text()
    return { status: answer.status, said: answer.status === 204 ? {} : jsonOf(text) }
  } catch (cause) {
    if (signal?.aborted) throw new kit.VarveError('VARVE_ABORTED', 'called off', { cause })
    throw new kit.VarveError(
      'VARVE_UNREACHABLE',
      `cannot reach '${location}': ${cause.cause?.message ?? cause.message}`,
      {
        cause,
      },
    )
  }
}

function jsonOf(text) {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
