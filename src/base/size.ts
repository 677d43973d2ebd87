// Numbers for people.

const units = ['kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes for people, in powers of 1000: '999 B', '1.2 kB', '34 MB'. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes
  let unit = -1
  do {
    value /= 1000
    unit += 1
  } while (value >= 999.5 && unit < units.length - 1)
  return `${value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A number with its noun: '1 row', '2 rows'. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
