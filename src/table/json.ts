// Results as JSON: bigint as decimal digits and bytes as base64, both strings, so that no digit is lost on the way.
// Text is printed as ASCII escapes where a terminal or a strict reader could trip: lone surrogates and C1 controls.
import { base64pad } from 'multiformats/bases/base64'

export function toJson(value: unknown, indent?: number): string {
  // A Buffer's own toJSON would run before a replacer sees it, hence bytes are found through the holder.
  const text = JSON.stringify(
    value,
    function (this: Record<string, unknown>, name: string, item: unknown) {
      const held = this[name]
      if (held instanceof Uint8Array) return base64pad.baseEncode(held)
      if (held instanceof Map) return Object.fromEntries(held)
      return typeof item === 'bigint' ? item.toString() : item
    },
    indent,
  )
  return text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
