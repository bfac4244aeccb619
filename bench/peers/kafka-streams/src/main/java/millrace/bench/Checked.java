package millrace.bench;

/** A value that was read and found valid, beside the bytes it was read from, or what is written of one that was not. */
sealed interface Checked<T> {
  record Valid<T>(T value, byte[] original) implements Checked<T> {}

  record Invalid<T>(byte[] deadLetter) implements Checked<T> {}
}
