import type { Execution } from './execution.ts'
import type { Node } from './node.ts'
import type { Processor, ProcessorContext, StoreRoles } from './processor.ts'

/** What a processor does by time, wired beside what it does with records. */
export function wirePunctuations<In, Out, S extends StoreRoles> (
  { punctuate }: Pick<Processor<In, Out, S>, 'punctuate'>, execution: Execution, node: Node, { stores, forward }: Pick<ProcessorContext<Out, S>, 'stores' | 'forward'>
): void {
  for (const [index, { everyMs, by, run }] of punctuate.entries()) {
    execution.punctuate(node, { name: `${node.name}/punctuate-${index}`, everyMs, by }, (now, cancel) => {
      run(now, { stores, forward, recordMetadata: () => undefined, cancel })
    })
  }
}
