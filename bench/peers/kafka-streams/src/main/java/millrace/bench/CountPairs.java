package millrace.bench;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Counts how often an item (the value) followed another (the key). */
final class CountPairs extends ContextualProcessor<String, String, Void, Void> {
  /** In no item's id. */
  static final char SEPARATOR = 0;

  private final String storeName;
  private KeyValueStore<String, Long> counts;

  CountPairs(String storeName) {
    this.storeName = storeName;
  }

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    super.init(context);
    counts = context.getStateStore(storeName);
  }

  @Override
  public void process(Record<String, String> record) {
    String pair = record.key() + SEPARATOR + record.value();
    Long count = counts.get(pair);
    counts.put(pair, count == null ? 1 : count + 1);
  }
}
