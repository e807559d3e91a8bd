"""Listers to hold `audit` against: listers.py obstore|aiobotocore|boto3 URL. Prints the count.

Each only counts what it is given, with its own defaults, as fast as its documentation tells.
"""

import asyncio
import sys

BUCKET, PREFIX, REGION = "acme-backups", "backups/", "us-east-1"
KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "benchmark"


def with_obstore(url: str) -> int:
    """Rust: pages parsed outside of Python, and handed over as Arrow."""
    from obstore import list as listing
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        endpoint=url,
        region=REGION,
        client_options={"allow_http": True},
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    pages = listing(store, PREFIX, chunk_size=1000, return_arrow=True)
    return sum(page.num_rows for page in pages)


def with_aiobotocore(url: str) -> int:
    """Botocore on asyncio."""
    from aiobotocore.session import get_session

    async def count() -> int:
        session = get_session()
        async with session.create_client(
            "s3",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        ) as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX)
            return sum([len(page.get("Contents", ())) async for page in pages])

    return asyncio.run(count())


def with_boto3(url: str) -> int:
    """The paginator of the AWS SDK."""
    import boto3

    s3 = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=PREFIX)
    return sum(len(page.get("Contents", ())) for page in pages)


LISTERS = {"obstore": with_obstore, "aiobotocore": with_aiobotocore, "boto3": with_boto3}

if __name__ == "__main__":
    sys.stdout.write(f"{LISTERS[sys.argv[1]](sys.argv[2])}\n")
