// How pages look: one sheet, light and dark, from the width of a phone on.
import { createHash } from 'node:crypto'

export const style: string = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f4; --line: #d9dcd6; --text: #1d2220; --faint: #5c6560; --link: #0b6350;
  --accent: #8a5a14; --added: #dff3e2; --added-text: #0c5a22; --removed: #fbe5e3; --removed-text: #8c1d18;
  --changed: #fdf3d8; --focus: #0b6350;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131614; --raised: #1b1f1d; --line: #343a37; --text: #dfe4e0; --faint: #98a29c; --link: #6fcfb2;
    --accent: #d9a75a; --added: #14331f; --added-text: #8fe0a6; --removed: #3e1a1a; --removed-text: #f6aaa4;
    --changed: #352c12; --focus: #6fcfb2;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto,
  'Noto Sans', sans-serif; overflow-wrap: break-word; }
code, pre, textarea, .id, td.value, tbody th.value, .lines { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  font-size: 12.5px; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--ground); padding: 4px 8px; z-index: 9; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header { background: var(--raised); border-bottom: 1px solid var(--line); padding: 10px 20px 0; }
.where { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; font-size: 16px; padding-bottom: 10px; }
.where .home { color: var(--text); font-weight: 600; display: inline-flex; gap: 7px; align-items: center; }
.where .home svg { align-self: center; }
.where .slash { color: var(--faint); }
.tabs { display: flex; gap: 4px; overflow-x: auto; }
.tabs a { padding: 6px 10px 8px; color: var(--faint); border-bottom: 2px solid transparent; white-space: nowrap; }
.tabs a:hover { color: var(--text); text-decoration: none; }
.tabs a[aria-current] { color: var(--text); border-color: var(--accent); font-weight: 600; }
main { max-width: 1240px; margin: 0 auto; padding: 18px 20px 40px; }
footer { max-width: 1240px; margin: 0 auto; padding: 0 20px 30px; color: var(--faint); font-size: 12.5px; }
h1 { font-size: 20px; line-height: 1.3; margin: 0 0 12px; font-weight: 600; }
h2 { font-size: 15px; margin: 24px 0 8px; font-weight: 600; }
h1 .id, h2 .id { font-weight: 400; }
p { margin: 8px 0; }
.faint { color: var(--faint); }
.row { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin: 10px 0; }
.row > .end { margin-left: auto; }
.crumbs { font-size: 16px; }
.note { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; margin: 12px 0; }
pre.note { overflow-x: auto; }
.tag { display: inline-block; border: 1px solid var(--line); border-radius: 10px; padding: 0 7px; font-size: 12px; line-height: 17px;
  vertical-align: -3px; background: var(--raised); color: var(--text); white-space: nowrap; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.tag.success { background: var(--added); color: var(--added-text); }
.tag.failure { background: var(--removed); color: var(--removed-text); }
.tag.pending { background: var(--changed); }

form { display: inline-flex; flex-wrap: wrap; gap: 6px; align-items: end; margin: 0; }
label { display: inline-flex; flex-direction: column; font-size: 12px; color: var(--faint); gap: 1px; }
label.side { flex-direction: row; align-items: center; gap: 6px; }
input, button, textarea { font: inherit; font-size: 13px; line-height: 18px; color: var(--text); background: var(--ground); border: 1px solid var(--line); border-radius: 5px;
  padding: 3px 8px; min-width: 0; }
input { width: 12em; max-width: 100%; }
form.query, form.query label:not(.side) { display: flex; flex-direction: column; align-items: stretch; }
textarea { width: 100%; box-sizing: border-box; resize: vertical; }
button, .button { background: var(--raised); cursor: pointer; color: var(--text); }
.button { display: inline-block; border: 1px solid var(--line); border-radius: 5px; padding: 3px 10px; }
button:hover, .button:hover { border-color: var(--faint); text-decoration: none; }

.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; margin: 8px 0; max-width: 100%; }
.scroll.tall { max-height: 78vh; overflow-y: auto; }
table { border-collapse: separate; border-spacing: 0; width: 100%; }
th, td { text-align: left; padding: 4px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td, tr:last-child > th { border-bottom: 0; }
thead th { background: var(--raised); font-weight: 600; position: sticky; top: 0; white-space: nowrap; z-index: 1; }
thead th .type { display: block; font-weight: 400; color: var(--faint); font-size: 11.5px; line-height: 1.2; }
tbody th { font-weight: 400; }
tbody tr:hover { background: var(--raised); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.value, th.value { white-space: pre-wrap; max-width: 34em; min-width: 3em; }
td.none { color: var(--faint); }
thead th.key .type::after { content: ' ◆'; color: var(--accent); font-size: 9px; vertical-align: 1px; }
.list td.name { width: 60%; overflow-wrap: anywhere; }
a, strong, code, td, th, .tag { unicode-bidi: isolate; }
.list svg.icon { vertical-align: -2px; margin-right: 8px; color: var(--faint); }
main h1 + .row { margin-top: 0; }
.list svg.icon.folder, .list svg.icon.table { color: var(--accent); }

.history { table-layout: fixed; }
.history td { padding: 0 10px; height: 44px; vertical-align: middle; border: 0; box-shadow: inset 0 -1px var(--line); }
.history td.graph { padding: 0; line-height: 0; box-shadow: none; }
.history td.what > div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 1.35; }
.history .subject { color: var(--text); font-weight: 500; }
.history .by { font-size: 12.5px; color: var(--faint); }
.history td.id { text-align: right; }
svg.lanes { display: block; stroke-width: 2; fill: none; }
.l0 { stroke: #b7791f; } .l1 { stroke: #2f855a; } .l2 { stroke: #3b76c4; } .l3 { stroke: #9b4dca; } .l4 { stroke: #c0483f; }
.l5 { stroke: #2a8c8c; }
svg.lanes circle { fill: var(--ground); }

.message { white-space: pre-wrap; margin: 8px 0 12px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 16px; margin: 8px 0 14px; }
.facts dt { color: var(--faint); }
.facts dd { margin: 0; min-width: 0; }

.change { border: 1px solid var(--line); border-radius: 6px; margin: 14px 0; }
.change > h3 { margin: 0; padding: 7px 12px; background: var(--raised); border-bottom: 1px solid var(--line); border-radius: 6px 6px 0 0;
  font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 2px 12px; }
.change > h3 .end { margin-left: auto; font-weight: 400; }
.change > p { padding: 0 12px; }
.change .scroll { border: 0; margin: 0; border-radius: 0 0 6px 6px; }
.plus { color: var(--added-text); } .minus { color: var(--removed-text); } .tilde { color: var(--accent); }
td.mark { width: 1px; font-weight: 600; text-align: center; }
tr.added, tr.added:hover { background: var(--added); }
tr.removed, tr.removed:hover { background: var(--removed); }
tr.added td.mark { color: var(--added-text); } tr.removed td.mark { color: var(--removed-text); } tr.changed td.mark { color: var(--accent); }
td.changed { background: var(--changed); min-width: 13em; }
ins, del { text-decoration: none; border-radius: 3px; padding: 0 3px; }
ins { background: var(--added); color: var(--added-text); }
del { background: var(--removed); color: var(--removed-text); }
.cells th { width: 32%; }
thead th.key .mark { color: var(--accent); font-size: 9px; vertical-align: 1px; }
.arrow { color: var(--faint); padding: 0 3px; }

.lines td { padding: 0 10px; border: 0; white-space: pre-wrap; line-height: 1.55; tab-size: 4; }
.lines td.at { width: 1px; text-align: right; color: var(--faint); user-select: none; white-space: nowrap; border-right: 1px solid var(--line); }
.lines td.at a { color: inherit; }
.lines tr:target { background: var(--changed); }
.lines tr.gap td { color: var(--faint); background: var(--raised); }
.picture { max-width: 100%; height: auto; display: block; margin: 12px auto; }
.pager { display: flex; gap: 10px; margin: 12px 0; align-items: center; }

@media (max-width: 640px) {
  header { padding: 8px 12px 0; }
  main { padding: 12px 12px 32px; }
  th, td { padding: 4px 7px; }
  .history td.id { display: none; }
  .wide { display: none; }
  input { width: 9em; }
}
`

/** In the sheet's address: a browser keeps it for good, and asks for the next one anew. */
export const styleVersion: string = createHash('sha256').update(style).digest('hex').slice(0, 12)

/** Layers of sediment. */
export const icon: string =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#8a5a14"/>' +
  '<path d="M2 5c3-2 5 1 7 0s3-1 5 0M2 8.5c3-2 5 1 7 0s3-1 5 0M2 12c3-2 5 1 7 0s3-1 5 0" stroke="#f5e6c8" fill="none" ' +
  'stroke-width="1.5"/></svg>\n'
