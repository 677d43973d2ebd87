// A batch as a round gives it to a sink, and one sink opened for one batch: what came of it in one line of text.
import { openSink } from '../../src/connectors/open-sink.ts'
import type { Batch, RowMessage } from '../../src/connectors/sink.ts'

/** The only batch of link 'shop''s first delivery, without messages unless they are given. */
export const oneBatch = (change: Partial<Batch> = {}): Batch => ({
  link: 'shop',
  delivery: 'd1',
  previous: null,
  number: 0,
  isLast: true,
  commit: 'c1',
  committedMs: 0,
  messages: [],
  ...change,
})

/** A batch that inserts row 1 of a table, with the cells given. */
export const insertInto = (table: string, cells: RowMessage['after'] = {}): Batch =>
  oneBatch({
    messages: [
      {
        id: `m ${table}`,
        table,
        kind: 'insert',
        key: { id: 1 },
        keyTexts: [{ kind: null, text: '1' }],
        before: null,
        after: { id: 1, ...cells },
      },
    ],
  })

/** @returns 'delivered', or the error's code and message */
export async function deliverTo(
  url: string,
  batch: Batch,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  let sink
  try {
    sink = await openSink(url, { link: 'shop', environment })
    await sink.deliver(batch)
    return 'delivered'
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  } finally {
    await sink?.close()
  }
}
