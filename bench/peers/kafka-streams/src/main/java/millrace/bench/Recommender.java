package millrace.bench;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Work A. The topics are those of impressions, watches and interactions, whose keys are not trusted: what belongs to a user is found by the
 * user in the value. Users and event ids live in one partition each, as the contract has it; items do not, so what is counted by item goes through two
 * repartition topics: visits by item, and links by the item before.
 */
public final class Recommender {
  static final String IMPRESSIONS = "impressions";
  static final String WATCHES = "watches";
  static final String EVENTS = "events";
  static final String HISTORIES = "user_history";
  static final String ITEMS = "items";
  static final String PAIRS = "co_visitation";
  static final String LINKS_OUT = "co_visitation_out";

  private static final Serde<byte[]> BYTES = Serdes.ByteArray();
  private static final Serde<String> TEXT = Serdes.String();

  private final Settings settings;
  private final Progress progress;
  private final StreamsBuilder builder = new StreamsBuilder();

  private Recommender(Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  public static void main(String[] words) throws Exception {
    Settings settings = Settings.fromEnvironment();
    Progress progress = new Progress(settings.records());
    Subject.run(settings, new Recommender(settings, progress).topology(), progress, RecommenderResult::write);
  }

  private Topology topology() {
    newOnes(settings.topics().get(0), IMPRESSIONS, new EventReader<>(Impression.class, Impression::check));
    KStream<byte[], Signal> watched =
        newOnes(settings.topics().get(1), WATCHES, new EventReader<>(Watch.class, Watch::check)).mapValues(Watch::signal);
    KStream<byte[], Signal> interacted =
        newOnes(settings.topics().get(2), EVENTS, new EventReader<>(Interaction.class, Interaction::check)).mapValues(Interaction::signal);

    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(HISTORIES), TEXT, History.serde()).withCachingEnabled());
    KStream<String, AppendHistory.Visit> visits = watched.merge(interacted).process(() -> new AppendHistory(HISTORIES), HISTORIES);
    countByItem(visits);
    countLinks(visits);
    return builder.build(settings.streamsConfig());
  }

  /** The valid events of a topic whose id was not there before; the others are dead letters, or end here. */
  private <T extends TimedEvent> KStream<byte[], T> newOnes(String topic, String name, EventReader<T> reader) {
    // Nearly every id is written once and never read again, so a cache would only cost.
    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), TEXT, BYTES).withCachingDisabled());
    var branches = builder.stream(topic, Consumed.with(BYTES, BYTES))
        .processValues(() -> new CheckEvent<>(reader, progress))
        .split(Named.as(name + "-"))
        .branch((key, event) -> event instanceof Checked.Invalid, Branched.as("invalid"))
        .defaultBranch(Branched.as("valid"));
    branches.get(name + "-invalid")
        .mapValues(event -> ((Checked.Invalid<T>) event).deadLetter())
        .to(settings.deadLetterTopic(), Produced.with(BYTES, BYTES));
    return branches.get(name + "-valid")
        .mapValues(event -> (Checked.Valid<T>) event)
        .process(() -> new KeepNew<T>(name), name);
  }

  private void countByItem(KStream<String, AppendHistory.Visit> visits) {
    visits
        .mapValues(visit -> new ItemCounts(visit.weight(), visit.previous() == null ? 0 : 1))
        .groupByKey(Grouped.with("visits", TEXT, ItemCounts.serde()))
        .reduce(ItemCounts::plus, Materialized.<String, ItemCounts, KeyValueStore<Bytes, byte[]>>as(ITEMS)
            .withKeySerde(TEXT).withValueSerde(ItemCounts.serde()).withCachingEnabled());
  }

  private void countLinks(KStream<String, AppendHistory.Visit> visits) {
    KStream<String, String> links = visits
        .filter((item, visit) -> visit.previous() != null)
        .map((item, visit) -> KeyValue.pair(visit.previous(), item))
        .repartition(Repartitioned.with(TEXT, TEXT).withName("links"));
    builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(PAIRS), TEXT, Serdes.Long()).withCachingEnabled());
    links.process(() -> new CountPairs(PAIRS), PAIRS);
    links.groupByKey(Grouped.with(TEXT, TEXT)).count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as(LINKS_OUT)
        .withKeySerde(TEXT).withValueSerde(Serdes.Long()).withCachingEnabled());
  }
}
