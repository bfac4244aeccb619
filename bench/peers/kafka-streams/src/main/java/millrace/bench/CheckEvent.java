package millrace.bench;

import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Reads an event and compares its time with its record's. */
final class CheckEvent<T extends TimedEvent> extends ContextualFixedKeyProcessor<byte[], byte[], Checked<T>> {
  private static final long MAX_FUTURE_MS = 5 * 60_000;
  private static final long MAX_AGE_MS = 30L * 86_400_000;

  private final EventReader<T> reader;
  private final Progress progress;

  CheckEvent(EventReader<T> reader, Progress progress) {
    this.reader = reader;
    this.progress = progress;
  }

  @Override
  public void process(FixedKeyRecord<byte[], byte[]> record) {
    context().forward(record.withValue(check(record)));
    progress.count();
  }

  private Checked<T> check(FixedKeyRecord<byte[], byte[]> record) {
    try {
      T event = reader.read(record.value());
      if (event.time() > record.timestamp() + MAX_FUTURE_MS) throw new Refused("window", "Its time is too far in the future");
      if (event.time() < record.timestamp() - MAX_AGE_MS) throw new Refused("window", "It is too old");
      return new Checked.Valid<>(event, record.value());
    } catch (Refused reason) {
      RecordMetadata place = context().recordMetadata().orElseThrow();
      return new Checked.Invalid<>(Envelope.of(record, place, reason));
    }
  }
}
