import Type, { type Static } from 'typebox'

/**
 * What a failure says about trying again. `permanent`: never; it would fail alike. `transient`: later. `auth`: later, the store did not let
 * us in, not even with credentials read anew. `unknown`: later, nobody has seen this one before.
 */
export type ErrorClass = Static<typeof ErrorClass>
export const ErrorClass = Type.Unsafe<'permanent' | 'transient' | 'auth' | 'unknown'>({ type: 'string', enum: ['permanent', 'transient', 'auth', 'unknown'], description: 'What kind of failure it was.' })
