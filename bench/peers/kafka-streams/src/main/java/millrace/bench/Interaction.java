package millrace.bench;

/** A view, click or purchase, as it lies on the wire. */
record Interaction(String eventId, String userId, String itemId, String eventType, Double ts, Double serverReceivedTsMs) implements TimedEvent {

  static void check(Interaction interaction) throws Refused {
    Rules.text("event_id", interaction.eventId, 8, 64);
    Rules.text("user_id", interaction.userId, 1, 128);
    Rules.text("item_id", interaction.itemId, 1, 128);
    Rules.oneOf("event_type", interaction.eventType, "view", "click", "purchase");
    Rules.integer("ts", interaction.ts, 1, Rules.LARGEST_SAFE);
    if (interaction.serverReceivedTsMs != null) Rules.integer("server_received_ts_ms", interaction.serverReceivedTsMs, 1, Rules.LARGEST_SAFE);
  }

  @Override
  public long time() {
    return Rules.milliseconds(ts);
  }

  Signal signal() {
    int weight = switch (eventType) {
      case "purchase" -> Signal.PURCHASE;
      case "click" -> Signal.CLICK;
      default -> Signal.VIEW;
    };
    return new Signal(userId, itemId, weight, time());
  }
}
