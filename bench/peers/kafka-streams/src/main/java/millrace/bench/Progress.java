package millrace.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the records of the input topics as they are processed, and says so on standard output, twenty times a second at most. */
final class Progress {
  private static final int EVERY_MS = 50;

  private final long wanted;
  private final AtomicLong processed = new AtomicLong();
  private final CountDownLatch allProcessed = new CountDownLatch(1);

  Progress(long wanted) {
    this.wanted = wanted;
  }

  void count() {
    if (processed.incrementAndGet() == wanted) allProcessed.countDown();
  }

  /** Returns when as many records as wanted are processed and the last of them is told. */
  void tellUntilAll() throws InterruptedException {
    for (long told = 0; told < wanted; ) {
      allProcessed.await(EVERY_MS, TimeUnit.MILLISECONDS);
      long now = processed.get();
      if (now > told) System.out.println("progress " + now);
      told = now;
    }
  }
}
