package millrace.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SequenceWriter;
import java.io.BufferedWriter;
import java.io.IOException;

/** Records as JSON, a line each. */
final class JsonLines implements AutoCloseable {
  private final SequenceWriter writer;

  JsonLines(BufferedWriter out) throws IOException {
    writer = new ObjectMapper().writer().withRootValueSeparator("\n").writeValues(out);
  }

  void write(Object row) throws IOException {
    writer.write(row);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
