// Commits in a form of the user's own: Git's placeholders, as far as there is something to put in their place.
import type { CommitInfo } from '../../api/interface.ts'
import type { SignatureCheck } from '../../index.ts'
import { isoText } from '../../base/time.ts'
import type { Signature } from '../../history/interface.ts'
import { usage } from '../arguments.ts'
import { bodyOf } from '../../history/message.ts'
import type { ShownPeople } from '../log/shown-people.ts'
import type { Paint } from '../paint.ts'
import { displayWidth, graphemes, visible, visibleLine } from '../visible.ts'
import { commitLine, commitLines, shortId, signatureLines, subjectOf } from './commit.ts'
import { type DateText, isoStrictText, relativeText, rfcText, unixText } from './dates.ts'

/** The lines of one commit. */
export type CommitForm = (commit: CommitInfo) => string[]

interface FormSettings {
  readonly paint: Paint
  readonly dates: DateText
  readonly people: ShownPeople
}

type Part = (commit: CommitInfo, settings: FormSettings) => string

const plainParts: Readonly<Record<string, Part>> = {
  H: ({ id }) => id,
  h: ({ id }) => shortId(id),
  T: ({ tree }) => tree,
  t: ({ tree }) => shortId(tree),
  P: ({ parents }) => parents.join(' '),
  p: ({ parents }) => parents.map(shortId).join(' '),
  s: ({ message }) => subjectOf(message),
  b: ({ message }) => linesOf(bodyOf(message)),
  B: ({ message }) => linesOf(message),
  D: ({ refs }) => refs.map(visible).join(', '),
  d: ({ refs }) => (refs.length === 0 ? '' : ` (${refs.map(visible).join(', ')})`),
  N: ({ note }) => linesOf(note ?? ''),
  n: () => '\n',
  '%': () => '%',
}

const personParts: Readonly<Record<string, (person: Signature, settings: FormSettings) => string>> = {
  n: ({ name }) => visible(name),
  e: ({ email }) => visible(email),
  l: ({ email }) => visible(email.split('@')[0]!),
  N: (person, { people }) => visible(people.mailmap.of(person).name),
  E: (person, { people }) => visible(people.mailmap.of(person).email),
  L: (person, { people }) => visible(people.mailmap.of(person).email.split('@')[0]!),
  d: (person, { dates }) => dates(person),
  D: (person) => rfcText(person),
  i: (person) => isoText(person),
  I: (person) => isoStrictText(person),
  s: (person) => isoText(person).slice(0, 10),
  r: (person) => relativeText(person),
  t: (person) => unixText(person),
}

const signatureParts: Readonly<Record<string, (check: SignatureCheck) => string>> = {
  '?': ({ code }) => code,
  S: ({ signer }) => visible(signer),
  K: ({ key }) => visible(key),
  F: ({ fingerprint }) => visible(fingerprint),
  P: ({ primaryFingerprint }) => visible(primaryFingerprint),
  T: ({ trust }) => trust,
  G: ({ code, message }) => (code === 'N' ? '' : linesOf(message)),
}

/** Of what nobody checked: no other form than that of commits has signatures. */
const unsigned: SignatureCheck = {
  code: 'N',
  valid: false,
  format: null,
  signer: '',
  key: '',
  fingerprint: '',
  primaryFingerprint: '',
  trust: 'undefined',
  message: '',
}

const colours: Readonly<Record<string, Parameters<Paint>[0]>> = {
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  cyan: 'cyan',
  bold: 'bold',
  dim: 'dim',
}

const placeholder =
  /%(?<side><|>|><)\((?<width>[1-9]\d{0,3})(?:,(?<cut>|l|m)trunc)?\)|((?:%x[0-9a-fA-F]{2})+)|%(?:([ac])([nelNELdDiIsrt])|C\(([a-z]+)\)|C(red|green|yellow|cyan|reset)|G([?GSKFPT])|(.))/gsu

/**
 * `format` is 'oneline', 'medium', or a text with placeholders such as '%h %an %s'. @throws VarveError VARVE_USAGE
 */
export function commitForm(format: string | undefined, settings: FormSettings): CommitForm {
  if (format === undefined || format === 'medium')
    return (commit) => commitLines(settings.people.shown(commit), settings.paint, settings.dates)
  if (format === '') return () => []
  if (format === 'oneline') return (commit) => [commitLine(commit, settings.paint), ...signatureLines(commit)]
  const text = format.replace(/^t?format:/, '')
  if (text === format && !format.includes('%'))
    throw usage(`unknown format '${format}'`, "write it with placeholders: '%h %an %ad %s'")
  const parts = compile(text)
  return (commit) =>
    parts
      .map((part) => part(commit, settings))
      .join('')
      .split('\n')
}

function compile(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  let padding: Padding | null = null
  for (const match of text.matchAll(placeholder)) {
    const before = text.slice(at, match.index)
    if (before !== '') parts.push(() => before)
    at = match.index + match[0].length
    const { side, width, cut } = match.groups!
    if (side !== undefined) padding = { side, width: Number(width), cut }
    // As in Git, neither a colour nor a '%' is what is padded.
    else if (padding === null || /^%[C%]/.test(match[0])) parts.push(partOf(match))
    else {
      parts.push(padded(partOf(match), padding))
      padding = null
    }
  }
  const rest = text.slice(at)
  return [...parts, () => rest]
}

interface Padding {
  readonly side: string
  readonly width: number
  /** Where what is too long is cut: '' at the end, 'l' at the beginning, 'm' in the middle; undefined: nowhere. */
  readonly cut: string | undefined
}

function padded(part: Part, { side, width, cut }: Padding): Part {
  return (commit, settings) => {
    const text = part(commit, settings)
    const missing = width - displayWidth(text)
    if (missing < 0) return cut === undefined ? text : cutTo(text, width, cut)
    const left = side === '<' ? 0 : side === '>' ? missing : Math.floor(missing / 2)
    return ' '.repeat(left) + text + ' '.repeat(missing - left)
  }
}

/** As Git, '..' stands for what is left out. */
function cutTo(text: string, width: number, cut: string): string {
  const characters = [...graphemes(text)]
  const kept = Math.max(0, width - 2)
  const [head, tail] =
    cut === 'l' ? [0, kept] : cut === 'm' ? [Math.floor(kept / 2), Math.ceil(kept / 2)] : [kept, 0]
  return [...characters.slice(0, head), '..', ...characters.slice(characters.length - tail)].join('')
}

function partOf([all, , , , bytes, who, what, colour, plainColour, sign, letter]: RegExpMatchArray): Part {
  if (who !== undefined) {
    const part = personParts[what!]!
    return (commit, settings) => part(who === 'a' ? commit.author : commit.committer, settings)
  }
  if (bytes !== undefined) {
    const text = textOfBytes(bytes)
    return () => text
  }
  if (sign !== undefined) return ({ signature }) => signatureParts[sign]!(signature ?? unsigned)
  const part = letter === undefined ? colourPart(colour ?? plainColour!) : ownPart(plainParts, letter)
  if (part !== undefined) return part
  throw usage(
    `unknown placeholder '${all}'`,
    'known: %H %h %T %t %P %p, %an %ae %al (by .mailmap %aN %aE %aL) %ad %aD %ai %aI %as %ar %at, the same with %c, %s %b %B %N %D %d %n %% %x00, %G? %GS %GK %GF %GP %GT %GG, %Cred and the like',
  )
}

/** The text of a run of bytes: '%xe2%x80%xa2' is one character. */
function textOfBytes(run: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(run.replaceAll('%x', ''), 'hex'),
    )
  } catch {
    throw usage(`'${run}' is not UTF-8 text`, 'name all bytes of the character, or write it as it is')
  }
}

/** Switched on until the next one; 'auto' is left to the text around it. */
function colourPart(name: string): Part | undefined {
  if (name === 'auto') return () => ''
  if (name === 'reset') return (_commit, { paint }) => (paint('bold', 'x') === 'x' ? '' : '\u001b[m')
  const colour = ownPart(colours, name)
  return colour && ((_commit, { paint }) => paint(colour, 'x').split('x')[0]!)
}

function ownPart<T>(parts: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(parts, name) ? parts[name] : undefined
}

/** The lines of the message, each with its line end, as Git prints them. */
function linesOf(message: string): string {
  const text = message.trimEnd()
  return text === '' ? '' : `${text.split('\n').map(visibleLine).join('\n')}\n`
}
