package millrace.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serdes;

/** Five numbers of eight bytes. */
final class SummarySerde extends Serdes.WrapperSerde<Summary> {
  SummarySerde() {
    super((topic, summary) -> write(summary), (topic, bytes) -> read(bytes));
  }

  private static byte[] write(Summary summary) {
    return summary == null ? null : ByteBuffer.allocate(5 * Long.BYTES)
        .putLong(summary.count()).putLong(summary.sum()).putLong(summary.min()).putLong(summary.max()).putLong(summary.lastAt())
        .array();
  }

  private static Summary read(byte[] bytes) {
    if (bytes == null) return null;
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Summary(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }
}
