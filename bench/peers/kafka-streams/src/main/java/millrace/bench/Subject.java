package millrace.bench;

import java.io.BufferedWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;

/** Runs a topology over a log as bench/lib/peer.ts expects it: progress, committed, result, and then waits to be stopped. Beside that it tells what it restores. */
final class Subject {
  private Subject() {}

  interface ResultWriter {
    void write(KafkaStreams streams, BufferedWriter out) throws Exception;
  }

  static void run(Settings settings, Topology topology, Progress progress, ResultWriter writer) throws Exception {
    KafkaStreams streams = new KafkaStreams(topology, settings.streamsConfig());
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      // The benchmark sees the process end. exit would wait for threads that this one is one of.
      Runtime.getRuntime().halt(1);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    streams.setGlobalStateRestoreListener(new Restoring());
    streams.start();
    progress.tellUntilAll();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", settings.bootstrap()))) {
      new Backlog(admin, settings).awaitNone();
    }
    System.out.println("committed");
    try (BufferedWriter out = Files.newBufferedWriter(settings.resultFile())) {
      writer.write(streams, out);
    }
    System.out.println("result");
    new CountDownLatch(1).await();
  }
}
