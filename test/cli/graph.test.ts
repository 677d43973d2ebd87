// The graph that `varve log --graph` draws.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Graph, graphLines } from '../../src/cli/format/graph.ts'

/** Each word is a commit and its parents: 'd:bc' is d, made of b and c. */
function drawing(history: string, { spaced = false } = {}): string {
  const graph = new Graph()
  const lines = history.split(' ').flatMap((word) => {
    const [id, parents = ''] = word.split(':') as [string, string?]
    return graphLines(graph, { id, parents: parents.split('') }, [id], { spaced })
  })
  return `\n${lines.join('\n')}\n`
}

test('one line of history is one column', () => {
  expect(drawing('c:b b:a a')).toBe(`
●  c
●  b
●  a
`)
})

test('a branch that was merged', () => {
  expect(drawing('e:cd d:b c:b b:a a')).toBe(`
●    e
├─╮
│ ●  d
● │  c
├─╯
●    b
●  a
`)
})

test('branches that were not merged start in columns of their own', () => {
  expect(drawing('e:c d:b c:b b:a a')).toBe(`
●  e
│ ●  d
● │  c
├─╯
●    b
●  a
`)
})

test('merges crosswise, and lines that pass others', () => {
  expect(drawing('f:de e:cb d:bc c:a b:a a')).toBe(`
●    f
├─╮
│ ●    e
│ ├─╮
● │ │  d
├─┤ │
│ ● │  c
├─┼─╯
● │    b
├─╯
●    a
`)
})

test('a merge of three, whose parents meet at once', () => {
  expect(drawing('e:bcd d:a c:a b:a a')).toBe(`
●      e
├─┬─╮
│ │ ●  d
│ ● │  c
● │ │  b
├─┴─╯
●      a
`)
})

test('histories that have nothing in common: a column is used again', () => {
  expect(drawing('d:b c b:a a')).toBe(`
●  d
│ ●  c
●  b
●  a
`)
})

test('a parent that is not shown leaves its line open', () => {
  expect(drawing('c:bx b:a')).toBe(`
●    c
├─╮
● │  b
`)
})

test('a commit of many lines has the graph beside all of them', () => {
  const graph = new Graph()
  const lines = graphLines(graph, { id: 'c', parents: ['a', 'b'] }, ['one', 'two', 'three'], { spaced: true })
  expect(lines).toEqual(['●    one', '├─╮  two', '│ │  three', '│ │'])
})

const up = new Set('│╯┤╰├┴┼')
const down = new Set('│╮┤╭├┬┼')

test('whatever the history, each commit has one node, and no line begins or ends in the air', () => {
  const history = fc.array(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 }), { maxLength: 40 })
  fc.assert(
    fc.property(history, (steps) => {
      const graph = new Graph()
      // The last commit has no parents; the parents of all others are among those that come soon after them.
      const lines = steps.flatMap((ahead, i) => {
        const parents = [...new Set(ahead.map((step) => Math.min(i + 1 + step, steps.length)))].map(String)
        return graphLines(graph, { id: String(i), parents }, [''], { spaced: false })
      })
      lines.push(...graphLines(graph, { id: String(steps.length), parents: [] }, [''], { spaced: false }))
      expect(lines.join('').split('●')).toHaveLength(steps.length + 2)
      for (let i = 1; i < lines.length; i++) {
        const [above, below] = [lines[i - 1]!, lines[i]!]
        for (let at = 0; at < Math.max(above.length, below.length); at++) {
          const [from, to] = [above[at] ?? ' ', below[at] ?? ' ']
          if (down.has(from)) expect(to === '●' || up.has(to)).toBe(true)
          if (up.has(to)) expect(from === '●' || down.has(from)).toBe(true)
        }
      }
    }),
  )
})
