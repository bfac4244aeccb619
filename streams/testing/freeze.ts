/** Makes a value unchangeable as far down as it goes; bytes cannot be frozen and stay as they are. */
export function freezeDeeply<T> (value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freezeDeeply(part)
  return value
}
