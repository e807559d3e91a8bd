"""The quick reading of a page is botocore's reading of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from backup_doctor.run.audit.listing_page import STORED, _objects, read_fast, stored

if TYPE_CHECKING:
    from tests.audit.scene import Scene

KEYS = ("backups/a&b.zip", "backups/a+b c%20d.zip", "backups/<x>'\".zip", "backups/é\U0001f512.zip")
PAGE = (
    "<Contents><Key>{key}</Key><LastModified>2026-01-15T02:03:04.000Z</LastModified>"
    "<ETag>&quot;x&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


def test_both_read_the_same_keys_sizes_and_continuations(scene: Scene) -> None:
    for key in KEYS:
        scene.put(key)
    bucket = scene.world.bucket
    usual, quick = (
        boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.doctor.access_key_id,
            aws_secret_access_key=bucket.doctor.secret_access_key,
        )
        for _ in range(2)
    )
    read_fast(quick)

    wanted: dict[str, Any] = {"Bucket": bucket.name, "MaxKeys": 3}
    slowly, quickly = usual.list_objects_v2(**wanted), quick.list_objects_v2(**wanted)

    assert STORED in quickly
    assert [one[:2] for one in stored(quickly)] == [one[:2] for one in stored(slowly)]
    assert quickly["IsTruncated"]
    assert quickly["KeyCount"] == slowly["KeyCount"]


@pytest.mark.parametrize(
    "page",
    [
        PAGE.format(key="a") + "<Contents><Key>b</Key></Contents>",
        PAGE.format(key="<![CDATA[a]]>"),
        PAGE.format(key="&#x110000;"),
        PAGE.format(key="a") + "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>",
        "<!-- " + PAGE.format(key="a") + " -->",
    ],
)
def test_what_is_not_written_as_s3_writes_it_is_left_to_a_parser(page: str) -> None:
    assert _objects(page.encode(), url_encoded=False) is None


def test_references_are_read_once() -> None:
    (found,) = _objects(PAGE.format(key="a&amp;lt;&#x41;&#66;").encode(), url_encoded=False) or []

    assert found[0] == "a&lt;AB"
