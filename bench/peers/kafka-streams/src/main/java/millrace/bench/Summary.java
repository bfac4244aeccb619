package millrace.bench;

/** What a customer's orders come to. */
record Summary(long count, long sum, long min, long max, long lastAt) {
  static final Summary NONE = new Summary(0, 0, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE);

  Summary plus(Order order) {
    long cents = order.amountCents();
    return new Summary(count + 1, sum + cents, Math.min(min, cents), Math.max(max, cents), Math.max(lastAt, order.placedAt()));
  }
}
