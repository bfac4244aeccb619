import { projectionLevel } from '../../test/helpers/projection.ts'
import type { Services } from '../../test/helpers/services.ts'

/** Waits until the projection vouches for everything; how long that took, in milliseconds. */
export async function levelAfter (services: Services, applicationId: string): Promise<number> {
  const from = performance.now()
  await projectionLevel(services, applicationId)
  return performance.now() - from
}
