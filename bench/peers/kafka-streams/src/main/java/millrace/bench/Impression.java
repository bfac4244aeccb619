package millrace.bench;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a user was shown, as it lies on the wire. */
record Impression(
    String eventId, String userId, String sessionId, String requestId, Double tsMs, Double serverReceivedTsMs, EventContext context, String eventType,
    List<Item> items) implements TimedEvent {

  record Item(String itemId, Double position, String feedId, String slot) {}

  private static final int MOST_ITEMS = 500;

  static void check(Impression impression) throws Refused {
    Rules.common(impression.eventId, impression.userId, impression.sessionId, impression.requestId, impression.tsMs, impression.serverReceivedTsMs, impression.context);
    Rules.oneOf("event_type", impression.eventType, null, "impression");
    List<Item> items = impression.items;
    if (items == null || items.isEmpty() || items.size() > MOST_ITEMS) throw Rules.broken("items must be 1 to " + MOST_ITEMS);
    Set<String> ids = new HashSet<>();
    Set<Double> positions = new HashSet<>();
    for (Item item : items) {
      if (item == null) throw Rules.broken("an item is null");
      Rules.text("item_id", item.itemId, 1, 128);
      Rules.integer("position", item.position, 0, Integer.MAX_VALUE);
      Rules.optionalText("feed_id", item.feedId);
      Rules.optionalText("slot", item.slot);
      if (!ids.add(item.itemId) || !positions.add(item.position)) throw Rules.broken("two items are alike, or in one position");
    }
  }

  @Override
  public long time() {
    return Rules.milliseconds(tsMs);
  }
}
