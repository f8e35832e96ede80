"""A house whose landing is a bucket behind a proxy."""

import time
from collections.abc import Mapping

from loadtest.drive import answers
from loadtest.house import House
from loadtest.seaweed import BucketAt

_ANSWERS_S = 90.0


def landing_of(bucket: BucketAt, prefix: str, port: int) -> Mapping[str, str]:
    """The environment that puts landing there, through the proxy at `port` of the loopback address."""
    where = f"endpoint=http://127.0.0.1:{port}&region={bucket.region}"
    return {
        "SOJOURN_LANDING": f"s3://{bucket.bucket}/{prefix}?{where}",
        "AWS_ACCESS_KEY_ID": bucket.access_key,
        "AWS_SECRET_ACCESS_KEY": bucket.secret_key,
    }


async def answering(house: House) -> None:
    """Starts it, and returns when its collector answers."""
    house.start()
    await answers(house.url, "/health", _ANSWERS_S, lambda: time.time_ns() // 1000)
