// What a connector has passed over, in words: "2 of another format ('a.xlsx', …), 1 deeper than one folder ('x/y/')".
import type { PassedOver } from './interface.ts'

export function passedOverText(all: readonly PassedOver[]): string {
  return all
    .map(({ reason, count, first }) => `${count} ${reason} ('${first}'${count > 1 ? ', …' : ''})`)
    .join(', ')
}
