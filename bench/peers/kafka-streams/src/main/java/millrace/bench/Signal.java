package millrace.bench;

/** That a user has shown interest in an item, and how much. */
record Signal(String userId, String itemId, int weight, long time) {
  static final int VIEW = 1;
  static final int CLICK = 3;
  static final int PURCHASE = 10;
}
