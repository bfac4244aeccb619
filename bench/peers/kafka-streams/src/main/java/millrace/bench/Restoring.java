package millrace.bench;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** Says `restored RECORDS MS` each time that a partition of a store is there again: what was read of it, and how long after the first restore began. */
final class Restoring implements StateRestoreListener {
  private final AtomicLong begunAt = new AtomicLong();

  @Override
  public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
    begunAt.compareAndSet(0, System.nanoTime());
  }

  @Override
  public void onBatchRestored(TopicPartition partition, String store, long to, long records) {}

  @Override
  public void onRestoreEnd(TopicPartition partition, String store, long records) {
    System.out.println("restored " + records + " " + (System.nanoTime() - begunAt.get()) / 1_000_000);
  }
}
