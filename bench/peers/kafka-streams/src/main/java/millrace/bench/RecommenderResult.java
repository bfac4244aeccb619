package millrace.bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.util.Map;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/** All stores as rows of the contract's tables, in no order. Of the log tables the event ids alone are written. */
final class RecommenderResult {
  private interface RowsOf<V> {
    void write(String key, V value) throws IOException;
  }

  private RecommenderResult() {}

  static void write(KafkaStreams streams, BufferedWriter out) throws IOException {
    try (JsonLines lines = new JsonLines(out)) {
      for (String log : new String[] {Recommender.IMPRESSIONS, Recommender.WATCHES, Recommender.EVENTS}) {
        each(streams, log, (String id, byte[] event) -> lines.write(Map.of("table", log, "event_id", id)));
      }
      each(streams, Recommender.ITEMS, (String item, ItemCounts counts) -> {
        lines.write(Map.of("table", "item_popularity", "item_id", item, "score", counts.score()));
        if (counts.linksIn() > 0) lines.write(Map.of("table", "co_visitation_in", "item_id", item, "cnt", counts.linksIn()));
      });
      each(streams, Recommender.PAIRS, (String pair, Long count) -> {
        int end = pair.indexOf(CountPairs.SEPARATOR);
        lines.write(Map.of("table", "co_visitation", "prev_item_id", pair.substring(0, end), "next_item_id", pair.substring(end + 1), "cnt", count));
      });
      each(streams, Recommender.LINKS_OUT, (String item, Long count) ->
          lines.write(Map.of("table", "co_visitation_out", "item_id", item, "cnt", count)));
      each(streams, Recommender.HISTORIES, (String user, History history) -> {
        long position = history.count() - history.entries().size();
        for (History.Entry entry : history.entries()) {
          lines.write(Map.of("table", "user_history", "user_id", user, "pos", ++position, "item_id", entry.itemId(), "ts", entry.time()));
        }
      });
    }
  }

  private static <V> void each(KafkaStreams streams, String store, RowsOf<V> rows) throws IOException {
    try (KeyValueIterator<String, V> entries =
        streams.store(StoreQueryParameters.fromNameAndType(store, QueryableStoreTypes.<String, V>keyValueStore())).all()) {
      while (entries.hasNext()) {
        KeyValue<String, V> entry = entries.next();
        rows.write(entry.key, entry.value);
      }
    }
  }
}
