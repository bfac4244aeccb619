"""The orders of each customer counted and summed up, with Faust (faust-streaming), as `counting.py worker`; speaks the protocol of bench/lib/peer.ts."""

import asyncio
import os

import faust
from aiokafka.admin import AIOKafkaAdminClient

from orders import add_order, read_order
from progress import Progress, write_result

BOOTSTRAP, GROUP = os.environ["KAFKA_BOOTSTRAP"], os.environ["APPLICATION_ID"]
progress = Progress(int(os.environ["RECORDS"]))

app = faust.App(
    GROUP,
    broker=f"kafka://{BOOTSTRAP}",
    store="rocksdb://?driver=rocksdict",
    datadir=os.environ["STATE_FOLDER"],
    topic_partitions=int(os.environ["PARTITIONS"]),
    # Its broker here is one.
    topic_replication_factor=1,
    # Also every 10,000 records, as is its default.
    broker_commit_interval=1.0,
    consumer_auto_offset_reset="earliest",
    # Its default sends each change of a table by itself.
    producer_linger=0.05,
    web_enabled=False,
)
orders = app.topic(os.environ["TOPIC_ORDERS"], key_type=str, key_serializer="raw", value_type=bytes, value_serializer="raw")
dead_letters = app.topic(os.environ["TOPIC_DEAD_LETTERS"], key_type=str, key_serializer="raw", value_type=bytes, value_serializer="raw")
summaries = app.Table("summaries", key_type=str)


@app.agent(orders)
async def count(stream):
    async for customer, value in stream.items():
        order = read_order(value)
        if order is None:
            await dead_letters.send(key=customer, value=value)
        else:
            summaries[customer] = add_order(summaries.get(customer), order)
        progress.one()


@app.task
async def tell_when_committed():
    """Asks the broker, and no more often than once all records are worked off."""
    admin = AIOKafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    await admin.start()
    while True:
        await asyncio.sleep(0.05)
        if not progress.is_done:
            continue
        offsets = await admin.list_consumer_group_offsets(GROUP)
        if sum(each.offset for partition, each in offsets.items() if partition.topic == orders.get_topic_name()) >= progress.records:
            progress.committed()
            write_result(os.environ["RESULT_FILE"], summaries.items())
            await admin.close()
            return


app.main()
