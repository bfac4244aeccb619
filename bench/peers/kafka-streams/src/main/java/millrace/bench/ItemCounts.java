package millrace.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** An item's popularity and how often it followed another one; one visit's share of it is of the same shape. */
record ItemCounts(long score, long linksIn) {
  ItemCounts plus(ItemCounts more) {
    return new ItemCounts(score + more.score, linksIn + more.linksIn);
  }

  static Serde<ItemCounts> serde() {
    return Serdes.serdeFrom(
        (topic, counts) -> counts == null ? null : ByteBuffer.allocate(2 * Long.BYTES).putLong(counts.score).putLong(counts.linksIn).array(),
        (topic, bytes) -> bytes == null ? null : read(ByteBuffer.wrap(bytes)));
  }

  private static ItemCounts read(ByteBuffer buffer) {
    return new ItemCounts(buffer.getLong(), buffer.getLong());
  }
}
