package millrace.bench;

import java.io.BufferedWriter;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Work B: orders are validated, the invalid ones become dead letters, the others are summed up by customer. */
public final class Counting {
  private static final String STORE = "summaries";

  private Counting() {}

  public static void main(String[] words) throws Exception {
    Settings settings = Settings.fromEnvironment();
    Progress progress = new Progress(settings.records());
    Subject.run(settings, topology(settings, progress), progress, Counting::writeResult);
  }

  private static Topology topology(Settings settings, Progress progress) {
    Serde<String> text = Serdes.String();
    OrderReader orders = new OrderReader();
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, byte[]> values = builder.stream(settings.topics(), Consumed.with(text, Serdes.ByteArray()));
    values
        .peek((customer, value) -> progress.count())
        .mapValues(orders::read)
        .split(Named.as("orders-"))
        .branch((customer, order) -> order instanceof Checked.Invalid, Branched.withConsumer(invalid -> invalid
            .mapValues(order -> ((Checked.Invalid<Order>) order).deadLetter())
            .to(settings.deadLetterTopic(), Produced.with(text, Serdes.ByteArray()))))
        .defaultBranch(Branched.withConsumer(valid -> valid
            .mapValues(order -> ((Checked.Valid<Order>) order).value())
            .groupByKey(Grouped.keySerde(text))
            .aggregate(
                () -> Summary.NONE,
                (customer, order, summary) -> summary.plus(order),
                Materialized.<String, Summary>as(Stores.persistentKeyValueStore(STORE))
                    .withKeySerde(text)
                    .withValueSerde(new SummarySerde())
                    .withCachingEnabled())));
    return builder.build(settings.streamsConfig());
  }

  private static void writeResult(KafkaStreams streams, BufferedWriter out) throws Exception {
    ReadOnlyKeyValueStore<String, Summary> store =
        streams.store(StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
    try (KeyValueIterator<String, Summary> entries = store.all(); JsonLines lines = new JsonLines(out)) {
      while (entries.hasNext()) {
        var entry = entries.next();
        lines.write(new Row(entry.key, entry.value.count(), entry.value.sum(), entry.value.min(), entry.value.max(), entry.value.lastAt()));
      }
    }
  }

  record Row(String key, long count, long sum, long min, long max, long lastAt) {}
}
