package millrace.bench;

/** What a field may hold. Lengths count code points; a missing value is null. */
final class Rules {
  static final double LARGEST_SAFE = (1L << 53) - 1;
  private static final double FIRST_IN_MILLISECONDS = 1e12;

  private Rules() {}

  static void common(
      String eventId, String userId, String sessionId, String requestId, Double tsMs, Double serverReceivedTsMs, EventContext context) throws Refused {
    text("event_id", eventId, 8, 64);
    text("user_id", userId, 1, 128);
    text("session_id", sessionId, 1, 128);
    text("request_id", requestId, 1, 128);
    integer("ts_ms", tsMs, 1, LARGEST_SAFE);
    if (serverReceivedTsMs != null) integer("server_received_ts_ms", serverReceivedTsMs, 1, LARGEST_SAFE);
    if (context != null) context.check();
  }

  static void text(String name, String value, int shortest, int longest) throws Refused {
    if (value == null) throw broken(name + " is missing");
    int length = lengthOf(name, value);
    if (length < shortest || length > longest) throw broken(name + " must have " + shortest + " to " + longest + " characters");
  }

  static void optionalText(String name, String value) throws Refused {
    if (value != null) lengthOf(name, value);
  }

  static void number(String name, Double value, double least, double most) throws Refused {
    if (value == null) throw broken(name + " is missing");
    if (!(value >= least && value <= most)) throw broken(name + " must be from " + least + " to " + most);
  }

  static void optionalNumber(String name, Double value, double least, double most) throws Refused {
    if (value != null) number(name, value, least, most);
  }

  static void integer(String name, Double value, double least, double most) throws Refused {
    number(name, value, least, most);
    if (value != Math.rint(value)) throw broken(name + " must be an integer");
  }

  static void oneOf(String name, String value, String... allowed) throws Refused {
    for (String each : allowed) {
      if (each == null ? value == null : each.equals(value)) return;
    }
    throw broken(name + " must not be " + value);
  }

  /** What is too small for milliseconds is seconds. */
  static long milliseconds(double time) {
    return (long) (time < FIRST_IN_MILLISECONDS ? time * 1000 : time);
  }

  static Refused broken(String message) {
    return new Refused("schema", message);
  }

  private static int lengthOf(String name, String value) throws Refused {
    int codePoints = 0;
    for (int index = 0; index < value.length(); index++, codePoints++) {
      char unit = value.charAt(index);
      if (unit == 0) throw broken(name + " has a character that is not allowed, U+0000");
      if (!Character.isSurrogate(unit)) continue;
      index++;
      if (index == value.length() || !Character.isSurrogatePair(unit, value.charAt(index))) throw broken(name + " has half a surrogate pair");
    }
    return codePoints;
  }
}
