package millrace.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads events of one kind: unknown fields, other types and broken rules are refused. */
final class EventReader<T> {
  interface Check<T> {
    void check(T event) throws Refused;
  }

  private static final JsonMapper MAPPER = StrictJson.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private static final JsonFactory ANY_JSON = JsonFactory.builder()
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).maxNumberLength(Integer.MAX_VALUE).build())
      .build();

  private final ObjectReader reader;
  private final Check<T> rules;

  EventReader(Class<T> type, Check<T> rules) {
    this.reader = MAPPER.readerFor(type);
    this.rules = rules;
  }

  T read(byte[] value) throws Refused {
    if (value == null) throw new Refused("decode", "There is no value");
    // Jackson guesses the encoding of bytes, skips a byte order mark, and lets some through that are no UTF-8: it gets bytes of plain ASCII alone.
    String text = isPlainObject(value) ? null : decode(value);
    try {
      T event = text == null ? reader.readValue(value) : reader.readValue(text);
      if (event == null) throw Rules.broken("must be an object");
      rules.check(event);
      return event;
    } catch (IOException | Refused problem) {
      throw new Refused(isJson(text == null ? decode(value) : text) ? "schema" : "json", problem.getMessage());
    }
  }

  private static boolean isPlainObject(byte[] value) {
    if (value.length < 2 || value[0] != '{') return false;
    for (byte each : value) if (each <= 0) return false;
    return true;
  }

  private static String decode(byte[] value) throws Refused {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
    } catch (CharacterCodingException undecodable) {
      throw new Refused("decode", "It is no UTF-8: " + undecodable.getMessage());
    }
  }

  /** A wrong shape is found before the rest is looked at, so all of it is looked at once more. */
  private static boolean isJson(String text) {
    try (JsonParser parser = ANY_JSON.createParser(text)) {
      if (parser.nextToken() == null) return false;
      parser.skipChildren();
      return parser.nextToken() == null;
    } catch (IOException malformed) {
      return false;
    }
  }
}
