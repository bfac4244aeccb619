package millrace.bench;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Stores an event under its id, and hands it on unless the id was there before. */
final class KeepNew<T extends TimedEvent> extends ContextualProcessor<byte[], Checked.Valid<T>, byte[], T> {
  private final String storeName;
  private KeyValueStore<String, byte[]> store;

  KeepNew(String storeName) {
    this.storeName = storeName;
  }

  @Override
  public void init(ProcessorContext<byte[], T> context) {
    super.init(context);
    store = context.getStateStore(storeName);
  }

  @Override
  public void process(Record<byte[], Checked.Valid<T>> record) {
    T event = record.value().value();
    if (store.putIfAbsent(event.eventId(), record.value().original()) == null) context().forward(record.withValue(event));
  }
}
