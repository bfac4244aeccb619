package millrace.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** Values of one type as JSON. */
final class JsonSerde {
  private JsonSerde() {}

  static <T> Serde<T> of(Class<T> type) {
    JsonMapper mapper = StrictJson.builder().build();
    ObjectReader reader = mapper.readerFor(type);
    ObjectWriter writer = mapper.writerFor(type);
    return Serdes.serdeFrom((topic, value) -> value == null ? null : write(writer, value), (topic, bytes) -> bytes == null ? null : read(reader, bytes));
  }

  private static byte[] write(ObjectWriter writer, Object value) {
    try {
      return writer.writeValueAsBytes(value);
    } catch (JsonProcessingException error) {
      throw new SerializationException(error);
    }
  }

  private static <T> T read(ObjectReader reader, byte[] bytes) {
    try {
      return reader.readValue(bytes);
    } catch (IOException error) {
      throw new SerializationException(error);
    }
  }
}
