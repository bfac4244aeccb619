/** `count` as an aggregate. */
export const counting = {
  initializer: () => 0,
  aggregator: (count: number) => count + 1,
  merger: (one: number, other: number) => one + other
} as const
