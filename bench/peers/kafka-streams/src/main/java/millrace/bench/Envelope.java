package millrace.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** A dead letter: what was refused, from where, and why. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Envelope(
    String sourceTopic, int sourcePartition, long sourceOffset, long sourceTimestampMs, String sourceKey,
    String errorType, String errorMessage, String payload, String payloadBase64, long failedAtMs) {

  private static final ObjectWriter WRITER =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build().writerFor(Envelope.class);

  static byte[] of(FixedKeyRecord<byte[], byte[]> record, RecordMetadata place, Refused reason) {
    boolean isText = !reason.errorType.equals("decode");
    byte[] value = record.value();
    try {
      return WRITER.writeValueAsBytes(new Envelope(
          place.topic(), place.partition(), place.offset(), record.timestamp(), textOf(record.key()),
          reason.errorType, reason.getMessage(), textOf(value), isText || value == null ? null : Base64.getEncoder().encodeToString(value),
          System.currentTimeMillis()));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("An envelope of texts and numbers could not be written.", impossible);
    }
  }

  private static String textOf(byte[] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }
}
