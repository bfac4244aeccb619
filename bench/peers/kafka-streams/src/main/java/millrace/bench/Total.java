package millrace.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** How many, and what they come to. */
record Total(long count, long sum) {
  static final Total NONE = new Total(0, 0);

  Total plus(long amount) {
    return new Total(count + 1, sum + amount);
  }

  static Serde<Total> serde() {
    return Serdes.serdeFrom(
        (topic, total) -> total == null ? null : ByteBuffer.allocate(2 * Long.BYTES).putLong(total.count).putLong(total.sum).array(),
        (topic, bytes) -> bytes == null ? null : read(ByteBuffer.wrap(bytes)));
  }

  private static Total read(ByteBuffer buffer) {
    return new Total(buffer.getLong(), buffer.getLong());
  }
}
