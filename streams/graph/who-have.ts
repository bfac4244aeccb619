/** How a sentence begins about what two topologies of a combination have, or one has twice. */
export function whoHave (one: string, other: string): string {
  return one === other ? `Topology '${one}' has` : `Topologies '${one}' and '${other}' have`
}
