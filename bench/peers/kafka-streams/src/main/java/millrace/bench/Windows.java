package millrace.bench;

import java.io.BufferedWriter;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.WindowStore;

/** Work C: what a product sells in hopping windows, and its views joined with its sales. The numbers are those of bench/windows/topology.ts. */
public final class Windows {
  private static final String WINDOWS = "windows";
  private static final String MATCHES = "matches";

  private static final Duration SIZE = Duration.ofSeconds(60);
  private static final Duration ADVANCE = Duration.ofSeconds(20);
  private static final Duration APART = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration RETENTION = Duration.ofDays(1);

  record View(String id, long seconds) {}

  record Sale(String id, long cents) {}

  private Windows() {}

  public static void main(String[] words) throws Exception {
    Settings settings = Settings.fromEnvironment();
    Progress progress = new Progress(settings.records());
    Subject.run(settings, topology(settings, progress), progress, Windows::writeResult);
  }

  private static Topology topology(Settings settings, Progress progress) {
    Serde<String> text = Serdes.String();
    Serde<View> view = JsonSerde.of(View.class);
    Serde<Sale> sale = JsonSerde.of(Sale.class);
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, View> views =
        builder.stream(settings.topics().get(0), Consumed.with(text, view)).peek((product, each) -> progress.count());
    KStream<String, Sale> sales =
        builder.stream(settings.topics().get(1), Consumed.with(text, sale)).peek((product, each) -> progress.count());

    sales
        .groupByKey(Grouped.with(text, sale))
        .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, GRACE).advanceBy(ADVANCE))
        .aggregate(() -> Total.NONE, (product, each, total) -> total.plus(each.cents()),
            Materialized.<String, Total, WindowStore<Bytes, byte[]>>as(WINDOWS)
                .withKeySerde(text).withValueSerde(Total.serde()).withRetention(RETENTION).withCachingEnabled());

    views
        .join(sales, (seen, sold) -> seen.seconds() * sold.cents(), JoinWindows.ofTimeDifferenceAndGrace(APART, GRACE), StreamJoined.with(text, view, sale).withName("match"))
        .groupByKey(Grouped.with(text, Serdes.Long()))
        .aggregate(() -> Total.NONE, (product, worth, total) -> total.plus(worth),
            Materialized.<String, Total, KeyValueStore<Bytes, byte[]>>as(MATCHES)
                .withKeySerde(text).withValueSerde(Total.serde()).withCachingEnabled());
    return builder.build(settings.streamsConfig());
  }

  record WindowRow(String table, String product, long start, long count, long sum) {}

  record MatchRow(String table, String product, long count, long sum) {}

  private static void writeResult(KafkaStreams streams, BufferedWriter out) throws Exception {
    var windows = streams.store(StoreQueryParameters.fromNameAndType(WINDOWS, QueryableStoreTypes.<String, Total>windowStore()));
    var matches = streams.store(StoreQueryParameters.fromNameAndType(MATCHES, QueryableStoreTypes.<String, Total>keyValueStore()));
    try (JsonLines lines = new JsonLines(out);
        KeyValueIterator<Windowed<String>, Total> windowed = windows.all();
        KeyValueIterator<String, Total> matched = matches.all()) {
      while (windowed.hasNext()) {
        KeyValue<Windowed<String>, Total> row = windowed.next();
        lines.write(new WindowRow(WINDOWS, row.key.key(), row.key.window().start(), row.value.count(), row.value.sum()));
      }
      while (matched.hasNext()) {
        KeyValue<String, Total> row = matched.next();
        lines.write(new MatchRow(MATCHES, row.key, row.value.count(), row.value.sum()));
      }
    }
  }
}
