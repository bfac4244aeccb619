export async function runRules (_documents: readonly unknown[]): Promise<boolean> {
  return false
}
