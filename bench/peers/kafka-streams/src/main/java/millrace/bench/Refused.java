package millrace.bench;

/** Why an event becomes a dead letter. */
final class Refused extends Exception {
  final String errorType;

  Refused(String errorType, String message) {
    super(message, null, false, false);
    this.errorType = errorType;
  }
}
