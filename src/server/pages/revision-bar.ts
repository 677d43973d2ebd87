// Which revision is shown, and the way to another one.
import type { Exchange } from '../interface.ts'
import { shortRefName } from '../../history/refs.ts'
import { type RefKind, refsOf, revisionOf } from '../listings/refs.ts'
import { type Html, type Part, html } from './html.ts'
import { type PageName, type View } from './view.ts'

const namesMax = 500

/** Names of branches and tags, to be suggested in a field. */
export async function refNames({ repository }: Exchange): Promise<string[]> {
  const manifest = await repository().view.manifest()
  const named = (kind: RefKind): string[] =>
    refsOf(manifest, kind)
      .slice(0, namesMax)
      .map((ref) => revisionOf(manifest, kind, shortRefName(ref)))
  return [...named('branch'), ...named('tag')].slice(0, namesMax)
}

export function suggestions(names: readonly string[]): Html {
  return html`<datalist id="revisions">
    ${names.map((name) => html`<option value="${name}"></option>`)}
  </datalist>`
}

/** `kept` are parameters of the page that stay as they are. */
export async function revisionBar(
  exchange: Exchange,
  view: View,
  page: PageName,
  kept: Readonly<Record<string, string | undefined>>,
): Promise<Part> {
  const { head } = await exchange.repository().view.manifest()
  const current = view.revision ?? head?.replace(/^refs\/heads\//, '') ?? ''
  return html`<form method="get" action="${view.to(page, { revision: undefined })}">
    ${Object.entries(kept).map(
      ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    <label class="side">Revision <input name="revision" value="${current}" list="revisions" /></label>
    <button>Show</button>
    ${suggestions(await refNames(exchange))}
  </form>`
}
