package millrace.bench;

/** A value that was read and found valid, or the bytes that were not. */
sealed interface Checked<T> {
  record Valid<T>(T value) implements Checked<T> {}

  record Invalid<T>(byte[] original) implements Checked<T> {}
}
