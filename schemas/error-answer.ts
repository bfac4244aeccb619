import Type, { type Static } from 'typebox'

/** Every error of every endpoint. */
export type ErrorAnswer = Static<typeof ErrorAnswer>
export const ErrorAnswer = Type.Object({
  error: Type.String({ description: 'What kind of error, for programs.' }),
  message: Type.String({ description: 'What to do about it, for people.' }),
  details: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), { description: 'Each single mistake.' })
})
