package millrace.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** What the benchmark says in the environment. */
record Settings(
    String bootstrap,
    String applicationId,
    List<String> topics,
    String deadLetterTopic,
    long records,
    String guarantee,
    int commitIntervalMs,
    int sessionTimeoutMs,
    int threads,
    Path stateDirectory,
    Path resultFile) {

  private static final long CACHE_BYTES = 64L << 20;

  static Settings fromEnvironment() {
    return new Settings(
        given("KAFKA_BOOTSTRAP"),
        given("APPLICATION_ID"),
        List.of(given("TOPICS").split(",")),
        given("DEAD_LETTER_TOPIC"),
        Long.parseLong(given("RECORDS")),
        given("GUARANTEE"),
        Integer.parseInt(given("COMMIT_INTERVAL_MS")),
        Integer.parseInt(given("SESSION_TIMEOUT_MS")),
        Integer.parseInt(given("THREADS")),
        Path.of(given("STATE_DIRECTORY")),
        Path.of(given("RESULT_FILE")));
  }

  private static String given(String name) {
    String value = System.getenv(name);
    if (value == null) throw new IllegalArgumentException(name + " is not set; bench/peers/kafka-streams.ts sets it.");
    return value;
  }

  /** The defaults of Kafka Streams, with a larger cache and larger batches of what is produced. */
  Properties streamsConfig() {
    Properties config = new Properties();
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitIntervalMs);
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    config.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
    config.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    config.put(StreamsConfig.producerPrefix("batch.size"), 128 << 10);
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), sessionTimeoutMs);
    return config;
  }
}
