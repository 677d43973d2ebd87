// Columns that the server computes when they are read. The log has them as the session that wrote saw them, with its time
// zone, language and settings, and a table is read in a session of ours: a value is the same only if nothing of a session
// is in it. What is not known to be so is taken for something that depends on it.
import type { MysqlColumn } from '../types.ts'

/** Functions whose result comes from their arguments alone, and words that may stand before a bracket. */
const words: ReadonlySet<string> = new Set(
  `abs and ascii between bin binary bit_count bit_length case cast ceil ceiling char char_length character_length coalesce
   concat concat_ws conv convert crc32 date datediff day dayofmonth dayofweek dayofyear decimal degrees div elt else exp
   extract field find_in_set floor greatest hex hour if ifnull in inet6_aton inet6_ntoa inet_aton inet_ntoa insert instr
   interval is_ipv4 is_ipv6 isnull json_array json_contains json_contains_path json_depth json_exists json_extract
   json_keys json_length json_object json_query json_quote json_type json_unquote json_valid json_value last_day lcase
   least left length like ln locate log log10 log2 lower lpad ltrim md5 microsecond mid minute mod month not nullif
   octet_length or ord pi position pow power quarter quote radians regexp regexp_instr regexp_like regexp_replace
   regexp_substr repeat replace reverse right rlike round rpad rtrim second sha sha1 sha2 sign soundex space sqrt
   st_asbinary st_astext st_distance st_geometrytype st_srid st_x st_y strcmp substr substring substring_index then
   time_to_sec timestampdiff to_base64 to_days to_seconds trim truncate ucase unhex upper uuid_to_bin varchar weekday
   when xor year`.split(/\s+/),
)

/** What of a computed column may differ between sessions, for people; null where nothing does. */
export function sessionPart(expression: string, columns: readonly MysqlColumn[]): string | null {
  const named = [...expression.matchAll(/`((?:[^`]|``)*)`/g)].map(([, name]) =>
    name!.replaceAll('``', '`').toLowerCase(),
  )
  // A time of day becomes a date with the day on which it is asked.
  const shifting = columns.find(
    ({ name, family }) => (family === 'timestamp' || family === 'time') && named.includes(name.toLowerCase()),
  )
  if (shifting !== undefined) return `the ${shifting.family} '${shifting.name}'`
  const calls = [...expression.matchAll(/([\p{L}\p{N}_$`]+)\s*\(/gu)].map(([, word]) => word!.toLowerCase())
  const unknown = calls.find((word) => !words.has(word))
  if (unknown !== undefined) return `${unknown}()`
  // How many digits a quotient has is a setting.
  const odd = /@@|@[`\p{L}_]|\/|\b(?:current_|local|sysdate|utc_)/iu.exec(expression)
  return odd === null ? null : `'${odd[0]}'`
}
