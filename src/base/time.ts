// Times as Git's log prints them: Mon Nov 23 14:35:00 2026 +0100, in the author's zone.

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export function dateText({ timeMs, zoneMinutes }: { timeMs: number; zoneMinutes: number }): string {
  const there = new Date(timeMs + zoneMinutes * 60_000)
  if (Number.isNaN(there.getTime())) return `${timeMs} ms since 1970`
  const clock = [there.getUTCHours(), there.getUTCMinutes(), there.getUTCSeconds()].map(twoDigits).join(':')
  const day = `${days[there.getUTCDay()]} ${months[there.getUTCMonth()]} ${there.getUTCDate()}`
  return `${day} ${clock} ${there.getUTCFullYear()} ${zoneText(zoneMinutes)}`
}

/** A time in its author's zone: '2026-11-23 14:35:00 +0100'. */
export function isoText({ timeMs, zoneMinutes }: { timeMs: number; zoneMinutes: number }): string {
  const there = new Date(timeMs + zoneMinutes * 60_000)
  if (Number.isNaN(there.getTime())) return `${timeMs} ms since 1970`
  return `${there.toISOString().slice(0, 19).replace('T', ' ')} ${zoneText(zoneMinutes)}`
}

/** A time in this machine's zone: '2026-11-23 14:35:00'. */
export function localTimeText(timeMs: number): string {
  const here = new Date(timeMs)
  const date = [here.getFullYear(), here.getMonth() + 1, here.getDate()].map(twoDigits).join('-')
  return `${date} ${[here.getHours(), here.getMinutes(), here.getSeconds()].map(twoDigits).join(':')}`
}

function zoneText(minutes: number): string {
  const distance = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(distance / 60))}${twoDigits(distance % 60)}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
