"""The orders that the Python peers count: the rules and sums of bench/counting/orders.ts."""

import orjson


def read_order(value):
    """A valid order, or None."""
    try:
        order = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if type(order) is not dict:
        return None
    customer, amount, placed_at = order.get("customer"), order.get("amountCents"), order.get("placedAt")
    if type(customer) is not str or not 1 <= len(customer) <= 64:
        return None
    if type(amount) is not int or not 1 <= amount <= 1_000_000_000:
        return None
    if type(placed_at) is not int or placed_at < 1:
        return None
    return order


def add_order(summary, order):
    """The summary with one order more; None: it is the first."""
    amount, placed_at = order["amountCents"], order["placedAt"]
    if summary is None:
        return {"count": 1, "sum": amount, "min": amount, "max": amount, "lastAt": placed_at}
    return {
        "count": summary["count"] + 1,
        "sum": summary["sum"] + amount,
        "min": min(summary["min"], amount),
        "max": max(summary["max"], amount),
        "lastAt": max(summary["lastAt"], placed_at),
    }
