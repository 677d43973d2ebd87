// Rounds of a command that goes on: each is told without what the one before it has said. Tables with nothing to do, and
// notes and waiting rows that are as they were, would bury what has happened.
import type { Receipt } from '../../index.ts'
import type { Context } from '../interface.ts'
import { printReceipts } from './reports.ts'

export class ToldRounds {
  readonly #last = new Map<string, Receipt>()

  print(context: Context, receipts: readonly Receipt[]): void {
    printReceipts(context, receipts, 'round', this.#last)
    for (const receipt of receipts) this.#last.set(receipt.link, receipt)
  }
}
