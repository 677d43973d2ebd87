// YAML files of several documents: manifests of Kubernetes, and lists of anything behind lines `---`.
import '../support/seed.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { diffDocumentValues } from '../../src/documents/diff-values.ts'
import { mergeYaml } from '../../src/documents/yaml/merge-yaml.ts'
import { clashes, cleanly, mergeTexts, unfit } from './documents.ts'

const merge = (base: string, ours: string, theirs: string): string => cleanly(mergeYaml, base, ours, theirs)

const manifest = (kind: string, name: string, body: string): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${body}`
const web = manifest('Service', 'web', 'spec:\n  port: 80\n  type: ClusterIP\n')
const app = manifest('Deployment', 'web', 'spec:\n  replicas: 1\n  image: web:1 # pinned\n')
const map = manifest('ConfigMap', 'web', 'data:\n  mode: fast\n')
const stream = (...documents: string[]): string => documents.join('---\n')

describe('a YAML file of several documents', () => {
  test('neighbouring values of one document, changed on either side, are both taken', () => {
    const ours = stream(web, app.replace('replicas: 1', 'replicas: 3'))
    const theirs = stream(web.replace('80', '81'), app.replace('web:1', 'web:2'))
    expect(merge(stream(web, app), ours, theirs)).toBe(
      stream(web.replace('80', '81'), app.replace('replicas: 1', 'replicas: 3').replace('web:1', 'web:2')),
    )
  })

  test('documents that both sides add at one place are both there', () => {
    const other = manifest('Secret', 'web', 'data: {}\n')
    expect(merge(stream(web, app), stream(web, app, map), stream(web, app, other))).toBe(
      stream(web, app, map, other),
    )
    expect(merge(web, stream(web, map), stream(web, other))).toBe(stream(web, map, other))
    expect(merge(web, stream(map, web), stream(other, web))).toBe(stream(map, other, web))
  })

  test('a document that one side removed or moved is merged with what the other changed elsewhere', () => {
    const changed = app.replace('web:1', 'web:2')
    expect(merge(stream(web, app, map), stream(app, map), stream(web, changed, map))).toBe(
      stream(changed, map),
    )
    expect(merge(stream(web, app, map), stream(map, web, app), stream(web, changed, map))).toBe(
      stream(map, web, changed),
    )
  })

  test('a document removed here and changed there is a conflict that names it, and so is a value', () => {
    const base = stream(web, app)
    const theirs = stream(web.replace('80', '82'), app)
    expect(clashes(mergeYaml, base, app, theirs)).toEqual(['row $["Service/web"]'])
    const outcome = mergeTexts(mergeYaml, base, stream(web.replace('80', '81'), app), theirs)
    expect(outcome.conflicts.map(({ where }) => where)).toEqual(['$["Service/web"].spec.port'])
    expect(outcome.render('theirs')).toBe(theirs)
    expect(outcome.render({ value: '83' })).toBe(stream(web.replace('80', '83'), app))
  })

  test('documents without kind and name are told apart by what is in them, or by their order', () => {
    const [one, two, three] = [1, 2, 3].map((id) => `id: ${id}\na: 1\nb: 1\n`) as [string, string, string]
    const base = `---\n${stream(one, two)}`
    const ours = `---\n${stream(one, two.replace('a: 1', 'a: 2'))}`
    const theirs = `---\n${stream(three, one, two.replace('b: 1', 'b: 2'))}`
    const outcome = mergeTexts(mergeYaml, base, ours, theirs)
    expect(outcome.conflicts).toEqual([])
    expect(outcome.text).toBe(`---\n${stream(three, one, two.replaceAll(': 1', ': 2'))}`)
    expect(outcome.basis).toBe("values by key, array elements by 'id'")
    expect(merge('a: 1\nb: 1\n---\nc: 1\n', 'a: 2\nb: 1\n---\nc: 1\n', 'a: 1\nb: 2\n---\nc: 1\n')).toBe(
      'a: 2\nb: 2\n---\nc: 1\n',
    )
  })

  test('comments before and behind a document, and empty ones, stay where they are', () => {
    const base = `# head\n---\n# of web\n${web}# behind\n--- # second\n---\n${app}---\n# end\n`
    const ours = base.replace('port: 80', 'port: 81').replace('# behind', '# after')
    const theirs = base.replace('ClusterIP', 'NodePort').replace('# head', '# top')
    expect(merge(base, ours, theirs)).toBe(
      base
        .replace('port: 80', 'port: 81')
        .replace('# behind', '# after')
        .replace('ClusterIP', 'NodePort')
        .replace('# head', '# top'),
    )
  })

  test('line ends, and a last line without one, stay as ours has them', () => {
    const turned = (text: string): string => text.replaceAll('\n', '\r\n')
    const ours = turned(stream(web.replace('80', '81'), app)).trimEnd()
    expect(merge(stream(web, app), ours, stream(web.replace('ClusterIP', 'NodePort'), app))).toBe(
      turned(stream(web.replace('80', '81').replace('ClusterIP', 'NodePort'), app)).trimEnd(),
    )
  })

  test('two documents of one kind and name are told apart by what else is in them', () => {
    const twice = stream(web, web.replace('80', '90'))
    const ours = twice.replace('ClusterIP', 'NodePort')
    const merged = merge(twice, ours, twice.replace('port: 90', 'port: 91'))
    expect(merged).toBe(ours.replace('port: 90', 'port: 91'))
  })

  test.each([
    ['a value in the line that begins a document', 'a: 1\n--- {b: 1}\n'],
    ['a mark that ends a document', 'a: 1\n...\n---\nb: 1\n'],
    ['not a block', 'a: 1\n---\n[1, 2]\n'],
  ])('%s is merged by lines', (reason, text) => {
    expect(unfit(mergeYaml, text, text.replace('a: 1', 'a: 2'), `${text}# end\n`)).toContain(reason)
  })

  test('what differs is told by document', () => {
    const after = stream(web.replace('80', '81'), app, map)
    const found = diffDocumentValues(stream(web, app), after, { name: 'all.yaml' })
    expect(found).toMatchObject({
      kind: 'values',
      changes: [
        { kind: 'changed', path: '$["Service/web"].spec.port', before: '80', after: '81' },
        { kind: 'added', path: '$["ConfigMap/web"]' },
      ],
    })
  })
})

describe('laws of merging streams of YAML', () => {
  const field = fc.record({ a: fc.integer({ min: 0, max: 2 }), b: fc.integer({ min: 0, max: 2 }) })
  const documents = fc.uniqueArray(fc.tuple(fc.constantFrom('one', 'two', 'three', 'four'), field), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 4,
  })
  const spelled = (
    pairs: readonly (readonly [string, object])[],
    isNamed: boolean,
    isMarked: boolean,
  ): string => {
    const texts = [...pairs, ['last', {}] as const].map(([name, spec]) =>
      stringify(isNamed ? { kind: 'Part', metadata: { name }, spec } : { name, ...spec }),
    )
    return (isMarked ? '---\n' : '') + stream(...texts)
  }
  const valuesOf = (text: string): Map<string, unknown> =>
    new Map(
      parseAllDocuments(text).map((document) => {
        const value = document.toJS() as { name?: string; metadata?: { name: string } }
        return [value.metadata?.name ?? value.name!, JSON.stringify(value)]
      }),
    )

  test('a clean merge holds each document as the sides ask for it, whichever side is whose', () => {
    let clean = 0
    const oneOf = fc.tuple(documents, documents, documents, fc.boolean(), fc.boolean())
    fc.assert(
      fc.property(oneOf, ([base, ours, theirs, isNamed, isMarked]) => {
        const texts = [base, ours, theirs].map((one) => spelled(one, isNamed, isMarked))
        const [b, o, t] = texts as [string, string, string]
        if (unfit(mergeYaml, b, o, t) !== null) return
        const one = mergeTexts(mergeYaml, b, o, t)
        const other = mergeTexts(mergeYaml, b, t, o)
        expect(one.conflicts.length).toBe(other.conflicts.length)
        if (one.conflicts.length > 0) return
        clean++
        const [inBase, inOurs, inTheirs, merged] = [b, o, t, one.text].map(valuesOf)
        // Without a kind, one that goes where another comes may have been renamed.
        for (const name of isNamed ? ['one', 'two', 'three', 'four', 'last'] : []) {
          const [x, y, z] = [inBase!.get(name), inOurs!.get(name), inTheirs!.get(name)]
          if (y === z || x === z) expect(merged!.get(name)).toBe(y)
          else if (x === y) expect(merged!.get(name)).toBe(z)
        }
        expect(valuesOf(other.text)).toEqual(merged)
      }),
      { numRuns: 300 },
    )
    expect(clean).toBeGreaterThan(10)
  })
})
