package millrace.bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;

/** Reads an order and checks it by the rules that stand in bench/counting/orders.ts. */
final class OrderReader {
  private static final long MOST_CENTS = 1_000_000_000;
  private static final long LARGEST_SAFE = (1L << 53) - 1;

  private final ObjectReader reader =
      StrictJson.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build().readerFor(Order.class);

  Checked<Order> read(byte[] value) {
    try {
      Order order = reader.readValue(value);
      return isValid(order) ? new Checked.Valid<>(order, value) : new Checked.Invalid<>(value);
    } catch (IOException | IllegalArgumentException invalid) {
      return new Checked.Invalid<>(value);
    }
  }

  private static boolean isValid(Order order) {
    return order != null
        && order.customer() != null && !order.customer().isEmpty() && order.customer().length() <= 64
        && order.amountCents() != null && order.amountCents() >= 1 && order.amountCents() <= MOST_CENTS
        && order.placedAt() != null && order.placedAt() > 0 && order.placedAt() <= LARGEST_SAFE;
  }
}
