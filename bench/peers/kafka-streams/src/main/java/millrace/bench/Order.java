package millrace.bench;

/** What the work needs of an order. Boxed, so that a missing one is seen. */
record Order(String customer, Long amountCents, Long placedAt) {}
