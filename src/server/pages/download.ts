// Files and tables to save, under their names: the bytes that the REST API gives. A browser shows nothing of them.
import type { Exchange } from '../interface.ts'
import { exportAll } from '../routes/row-routes.ts'
import { getFile } from '../routes/tree-routes.ts'

export async function downloadFile(exchange: Exchange): Promise<void> {
  await getFile(exchange, attachmentOf(exchange.query.required('path')))
}

/** Sends a table as CSV, TSV or JSON Lines, whatever format its file has. */
export async function downloadTable(exchange: Exchange): Promise<void> {
  const { query } = exchange
  const format = query.text('format') ?? 'csv'
  const name = query.required('table').replace(/\.(csv|tsv|jsonl)$/, '')
  await exportAll(exchange, attachmentOf(`${name}.${format}`))
}

/** RFC 6266, with the name in RFC 8187's encoding, which leaves no character that means something in a header. */
function attachmentOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/\p{Cs}/gu, '\ufffd')
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `attachment; filename*=UTF-8''${encoded}`
}
