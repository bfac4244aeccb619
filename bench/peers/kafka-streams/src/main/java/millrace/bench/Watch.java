package millrace.bench;

/** A watch as it lies on the wire. Numbers are doubles, as JSON's are; all is boxed, so that a missing one is seen. */
record Watch(
    String eventId, String userId, String sessionId, String requestId, Double tsMs, Double serverReceivedTsMs, EventContext context, String eventType,
    String itemId, Double watchTimeSec, Double percentWatched, Boolean ended, Double playbackSpeed, Double rebufferCount) implements TimedEvent {

  static void check(Watch watch) throws Refused {
    Rules.common(watch.eventId, watch.userId, watch.sessionId, watch.requestId, watch.tsMs, watch.serverReceivedTsMs, watch.context);
    Rules.oneOf("event_type", watch.eventType, null, "watch");
    Rules.text("item_id", watch.itemId, 1, 128);
    Rules.number("watch_time_sec", watch.watchTimeSec, 0, Double.MAX_VALUE);
    Rules.optionalNumber("percent_watched", watch.percentWatched, 0, 100);
    Rules.optionalNumber("playback_speed", watch.playbackSpeed, 0.25, 4);
    if (watch.rebufferCount != null) Rules.integer("rebuffer_count", watch.rebufferCount, 0, Rules.LARGEST_SAFE);
  }

  @Override
  public long time() {
    return Rules.milliseconds(tsMs);
  }

  Signal signal() {
    double percent = percentWatched == null ? 0 : percentWatched;
    int weight = percent >= 80 || watchTimeSec >= 120 ? Signal.PURCHASE : percent >= 40 || watchTimeSec >= 30 ? Signal.CLICK : Signal.VIEW;
    return new Signal(userId, itemId, weight, time());
  }
}
