// What a file's name says of it: 'people.csv' and 'people.csv.gz' hold the table 'people', and all of 'orders/*' are the
// table 'orders'. Hidden files are nobody's business here; others that look like data are passed over with a reason.
import { formatOfPath } from '../../formats/formats.ts'
import type { FormatName } from '../../formats/interface.ts'

const packed = /\.gz$/i
const unfinished = /\.(part|partial|tmp|temp|crdownload|filepart|download)$/i
const otherCompression = /\.(gz|zst|bz2|xz|zip|lz4|br|7z|lzma|z|tgz|tar|rar)$/i
const otherFormat =
  /\.(json|xml|ya?ml|xlsx?|xlsm|xlsb|ods|numbers|parquet|arrow|feather|avro|orc|db|sqlite3?|dbf|dta|sav|txt|dat)$/i

export function isPacked(path: string): boolean {
  return packed.test(path)
}

/** The format of what the file holds once it is unpacked; null: no table. */
export function tableFormat(path: string): FormatName | null {
  return formatOfPath(path.replace(packed, ''))
}

export function tableNameOf(path: string): string {
  const slash = path.indexOf('/')
  if (slash >= 0) return path.slice(0, slash)
  const plain = path.replace(packed, '')
  return plain.slice(0, plain.lastIndexOf('.'))
}

/** None that is hidden, or under a name that programs give to what they have not finished. */
export function isTableFile(name: string): boolean {
  return !isHidden(name) && tableFormat(name) !== null && !unfinished.test(stem(name))
}

/** Why a file that may well hold data is none of the tables; null: it is a table, or hardly data. */
export function whyPassedOver(name: string): string | null {
  if (isHidden(name) || isTableFile(name)) return null
  const isTable = tableFormat(name) !== null || tableFormat(stem(name)) !== null
  if (isTable && (unfinished.test(name) || unfinished.test(stem(name)))) return 'not finished, by the name'
  if (otherCompression.test(name)) return 'compressed or packed otherwise than as .csv.gz and the like'
  return otherFormat.test(name) ? 'of another format' : null
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~')
}

/** The name without its ending. */
function stem(name: string): string {
  const plain = name.replace(packed, '')
  return plain.slice(0, Math.max(0, plain.lastIndexOf('.')))
}
