package millrace.bench;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Appends to the user's history and hands on, by item, what the signal is worth and what was watched before. */
final class AppendHistory extends ContextualProcessor<byte[], Signal, String, AppendHistory.Visit> {
  /** The previous item is null where there is none, or the same. */
  record Visit(int weight, String previous) {}

  private final String storeName;
  private KeyValueStore<String, History> histories;

  AppendHistory(String storeName) {
    this.storeName = storeName;
  }

  @Override
  public void init(ProcessorContext<String, Visit> context) {
    super.init(context);
    histories = context.getStateStore(storeName);
  }

  @Override
  public void process(Record<byte[], Signal> record) {
    Signal signal = record.value();
    History known = histories.get(signal.userId());
    History history = known == null ? History.EMPTY : known;
    String previous = history.newestItem();
    histories.put(signal.userId(), history.append(signal.itemId(), signal.time()));
    context().forward(record.withKey(signal.itemId()).withValue(new Visit(signal.weight(), signal.itemId().equals(previous) ? null : previous)));
  }
}
