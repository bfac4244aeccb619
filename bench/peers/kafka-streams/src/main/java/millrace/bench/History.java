package millrace.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What a user watched last, oldest first; the newest is the `count`th of all. */
record History(long count, List<Entry> entries) {
  record Entry(byte[] item, long time) {
    String itemId() {
      return new String(item, StandardCharsets.UTF_8);
    }
  }

  static final History EMPTY = new History(0, List.of());
  private static final int KEPT = 20;

  /** Null: there is none. */
  String newestItem() {
    return entries.isEmpty() ? null : entries.get(entries.size() - 1).itemId();
  }

  History append(String itemId, long time) {
    List<Entry> next = new ArrayList<>(KEPT);
    next.addAll(entries.size() == KEPT ? entries.subList(1, KEPT) : entries);
    next.add(new Entry(itemId.getBytes(StandardCharsets.UTF_8), time));
    return new History(count + 1, next);
  }

  static Serde<History> serde() {
    return Serdes.serdeFrom((topic, history) -> history == null ? null : write(history), (topic, bytes) -> bytes == null ? null : read(bytes));
  }

  private static byte[] write(History history) {
    int size = Long.BYTES + 1;
    for (Entry entry : history.entries) size += Long.BYTES + Short.BYTES + entry.item.length;
    ByteBuffer buffer = ByteBuffer.allocate(size).putLong(history.count).put((byte) history.entries.size());
    for (Entry entry : history.entries) buffer.putLong(entry.time).putShort((short) entry.item.length).put(entry.item);
    return buffer.array();
  }

  private static History read(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long count = buffer.getLong();
    int size = buffer.get();
    List<Entry> entries = new ArrayList<>(size);
    for (int index = 0; index < size; index++) {
      long time = buffer.getLong();
      byte[] item = new byte[buffer.getShort()];
      buffer.get(item);
      entries.add(new Entry(item, time));
    }
    return new History(count, entries);
  }
}
