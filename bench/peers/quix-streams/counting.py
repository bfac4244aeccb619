"""The orders of each customer counted and summed up, with Quix Streams; speaks the protocol of bench/lib/peer.ts."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

import orjson
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient
from quixstreams import Application
from rocksdict import AccessType, Rdict

from orders import add_order, read_order
from progress import Progress, write_result

BOOTSTRAP, GROUP = os.environ["KAFKA_BOOTSTRAP"], os.environ["APPLICATION_ID"]
STATE = Path(os.environ["STATE_FOLDER"])
progress = Progress(int(os.environ["RECORDS"]))

# Standard output is the protocol's.
logging.basicConfig(stream=sys.stderr, level=logging.WARNING)

app = Application(
    broker_address=BOOTSTRAP,
    consumer_group=GROUP,
    auto_offset_reset="earliest",
    commit_interval=1.0,
    state_dir=STATE,
    loglevel=None,
)
orders = app.topic(os.environ["TOPIC_ORDERS"], key_deserializer="bytes", value_deserializer="bytes")
dead_letters = app.topic(os.environ["TOPIC_DEAD_LETTERS"], key_serializer="bytes", value_serializer="bytes")


def checked(value):
    progress.one()
    return value, read_order(value)


def sum_up(pair, state):
    state.set("summary", add_order(state.get("summary"), pair[1]))


stream = app.dataframe(orders).apply(checked)
stream.filter(lambda pair: pair[1] is None).apply(lambda pair: pair[0]).to_topic(dead_letters)
stream.filter(lambda pair: pair[1] is not None).update(sum_up, stateful=True)


def stop_when_committed():
    """Asks the broker, and no more often than once all records are worked off."""
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    while True:
        time.sleep(0.05)
        if not progress.is_done:
            continue
        [answer] = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(GROUP)]).values()
        offsets = [each.offset for each in answer.result().topic_partitions if each.topic == orders.name]
        if sum(offsets) >= progress.records:
            progress.committed()
            app.stop()
            return


def stored():
    """What is in RocksDB, in which keys are the record's, a separator, and the state's."""
    suffix = b'|"summary"'
    for partition in sorted((STATE / GROUP / "default").glob("*/*")):
        database = Rdict(str(partition), access_type=AccessType.read_only())
        for key, value in database.items():
            if isinstance(key, bytes) and key.endswith(suffix):
                yield key.removesuffix(suffix).decode(), orjson.loads(value)
        database.close()


threading.Thread(target=stop_when_committed, daemon=True).start()
app.run()
signal.signal(signal.SIGTERM, signal.SIG_DFL)
write_result(os.environ["RESULT_FILE"], stored())
signal.pause()
