// Three-way merge of YAML by structure: block collections are merged within, everything else is a value. The text of
// ours is kept, with its comments and anchors; a merge that would lose or double one of them is given up.
import { mergeTrees } from '../structure/merge-values.ts'
import { chooseOurs, conflictsOf, type Choose } from '../structure/plan.ts'
import type { Tree } from '../structure/tree.ts'
import { ValueTable } from '../structure/values.ts'
import type { DocumentMerge, DocumentMerger, DocumentSides } from '../interface.ts'
import { withOneLineEnd } from '../line-ends.ts'
import { basisOf, proven, readSides, catchUnfit } from '../json/merge-json.ts'
import { mergeFlowLists } from './flow-list.ts'
import { mergeLongScalars } from './long-scalar.ts'
import { createYamlReader } from './read.ts'
import { checkRemarks } from './remarks.ts'
import { renderYaml } from './render.ts'
import { renderStream } from './render-stream.ts'
import { inFirstForm, type YamlForm } from './stream.ts'

export const mergeYaml: DocumentMerger = (sides) =>
  withOneLineEnd(sides, (own) => catchUnfit(() => inFirstForm((form) => merge(own, form))))

function merge(sides: DocumentSides, form: YamlForm): DocumentMerge {
  const values = new ValueTable(sides.ours.length)
  const reader = createYamlReader(values, { form })
  const trees = readSides(sides, (text, like) => reader.read(text, like))
  const { plan, told } = mergeTrees(
    trees,
    values,
    (nodes) => mergeLongScalars(nodes, trees, reader) ?? mergeFlowLists(nodes, trees, reader),
  )
  const written = form === 'document' ? renderYaml : renderStream
  const render = (choose: Choose): string => written(plan, trees, choose)
  const read = (text: string): Tree => reader.read(text, trees[0])
  const merged = read(render(chooseOurs))
  checkRemarks(
    trees.map((tree) => reader.remarks(tree)),
    reader.remarks(merged),
    conflictsOf(plan).length === 0,
  )
  return proven({ form: 'yaml', basis: basisOf(told), plan, trees, values, sides, render, read })
}
