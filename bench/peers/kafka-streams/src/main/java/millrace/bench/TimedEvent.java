package millrace.bench;

/** An event that is counted once, by its id. */
interface TimedEvent {
  String eventId();

  /** In milliseconds since 1970. */
  long time();
}
