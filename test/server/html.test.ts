// Templates of pages: what is put in stays what it is, wherever it stands.
import fc from 'fast-check'
import { parseFragment } from 'parse5'
import { expect, test } from 'vitest'
import { Url, html } from '../../src/server/pages/html.ts'

test('text and attributes come back from a parser as they were put in', () => {
  const printable = fc.string({ unit: fc.constantFrom(...`"'<>&;=/ abc#x\`-!?`.split('')) })
  fc.assert(
    fc.property(printable, (text) => {
      const { text: markup } = html`<p title="${text}">${text}</p>`
      const { childNodes } = parseFragment(markup)
      expect(childNodes).toMatchObject([
        {
          tagName: 'p',
          attrs: [{ name: 'title', value: text }],
          childNodes: text === '' ? [] : [{ value: text }],
        },
      ])
    }),
  )
})

const letters = fc.string({ unit: fc.constantFrom('😀', ...`ab/?#&=%:;"'<>+ \\\n\té漢.`.split('')) })

test('addresses are made of parts, and keep them apart', () => {
  fc.assert(
    fc.property(letters, letters, (name, value) => {
      const { text } = Url.of('../', [name], { a: value, b: undefined, c: ['1', value] })
      const url = new URL(text, 'http://host/x/y')
      expect(url.host).toBe('host')
      const search = new URLSearchParams(text.replace(/^[^?]*/, ''))
      expect(search.get('a')).toBe(value)
      expect(search.getAll('c')).toEqual(['1', value])
    }),
  )
})

test('what does not belong into a place is refused', () => {
  const url = Url.of('./', ['a'])
  expect(() => html`<a href="${'javascript:alert(1)'}">a</a>`).toThrow(TypeError)
  expect(() => html`<a href="${url}x">a</a>`).toThrow(TypeError)
  expect(() => html`<a title=${'x'}>a</a>`).toThrow(TypeError)
  expect(() => html`<a ${'onclick=x'}>a</a>`).toThrow(TypeError)
  expect(() => html`<${'script'}>a</a>`).toThrow(TypeError)
  expect(
    () =>
      html`<script>
        ${'a'}
      </script>`,
  ).toThrow(TypeError)
  expect(() => html`<p onclick="${'a'}">a</p>`).toThrow(TypeError)
  expect(() => html`<p title="${html`<b>`}">a</p>`).toThrow(TypeError)
  expect(html`<a href="${url}" ${html`hidden`}>${[1, null, false, html`<b>x</b>`]}</a>`.text).toBe(
    '<a href="./a" hidden>1<b>x</b></a>',
  )
})
