package millrace.bench;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** What the group's committed offsets do not cover yet: of the input topics, and of the repartition topics behind them. */
final class Backlog {
  private static final int LOOK_EVERY_MS = 20;

  private final Admin admin;
  private final Settings settings;

  Backlog(Admin admin, Settings settings) {
    this.admin = admin;
    this.settings = settings;
  }

  /**
   * Covered twice in turn: a repartition topic has all that it will have only when the inputs before it are committed,
   * so its ends must have been asked for after that.
   */
  void awaitNone() throws InterruptedException, ExecutionException {
    Set<TopicPartition> partitions = partitions();
    for (int covered = 0; covered < 2; ) {
      covered = isCovered(partitions) ? covered + 1 : 0;
      if (covered == 0) Thread.sleep(LOOK_EVERY_MS);
    }
  }

  private boolean isCovered(Set<TopicPartition> partitions) throws InterruptedException, ExecutionException {
    Map<TopicPartition, ListOffsetsResultInfo> ends =
        admin.listOffsets(partitions.stream().collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()))).all().get();
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(settings.applicationId()).partitionsToOffsetAndMetadata().get();
    return partitions.stream().allMatch(partition -> {
      OffsetAndMetadata position = committed.get(partition);
      return (position == null ? 0 : position.offset()) >= ends.get(partition).offset();
    });
  }

  private Set<TopicPartition> partitions() throws InterruptedException, ExecutionException {
    String own = settings.applicationId() + "-";
    List<String> topics = admin.listTopics().names().get().stream()
        .filter(name -> settings.topics().contains(name) || name.startsWith(own) && name.endsWith("-repartition"))
        .toList();
    return admin.describeTopics(topics).allTopicNames().get().values().stream()
        .flatMap(topic -> topic.partitions().stream().map(partition -> new TopicPartition(topic.name(), partition.partition())))
        .collect(Collectors.toSet());
  }
}
