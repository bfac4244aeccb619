/** Whether a name is one of those that count the operators of a topology: another operator before it, and it is another name. */
export function isNumbered (name: string): boolean {
  return /-\d{10}(?:-|$)/.test(name)
}
