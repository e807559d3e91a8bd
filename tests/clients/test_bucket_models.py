"""What is left of botocore's data: all that a call needs, and nothing that only people read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import JSONFileLoader
from botocore.session import Session

from backup_doctor.collect.clients.bucket_models import SERVICES, SmallModels

DATA = Path(botocore.__file__).parent / "data"
S3 = str(DATA / "s3" / "2006-03-01" / "service-2")


def texts(model: Any) -> list[str]:
    """Every text that is called documentation."""
    if isinstance(model, dict):
        own = [model["documentation"]] if isinstance(model.get("documentation"), str) else []
        return own + [text for one in model.values() for text in texts(one)]
    return [text for one in model for text in texts(one)] if isinstance(model, list) else []


def test_no_prose_is_kept_and_nothing_else_is_lost() -> None:
    whole, small = JSONFileLoader().load_file(S3), SmallModels().load_file(S3)

    assert any(texts(whole))
    assert not any(texts(small))
    assert small["operations"].keys() == whole["operations"].keys()
    assert {name: one.get("members", {}).keys() for name, one in small["shapes"].items()} == {
        name: one.get("members", {}).keys() for name, one in whole["shapes"].items()
    }


def test_the_endpoints_are_those_of_s3_and_of_where_credentials_come_from() -> None:
    found = SmallModels().load_file(str(DATA / "endpoints"))

    services = {name for one in found["partitions"] for name in one["services"]}
    assert {"s3", "sts"} <= services <= SERVICES


def test_a_client_of_where_credentials_come_from_can_still_be_made() -> None:
    session = Session()
    session.get_component("data_loader").file_loader = SmallModels()

    client = session.create_client(
        "sts", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )

    assert client.meta.endpoint_url == "https://sts.eu-west-1.amazonaws.com"


def test_a_file_that_is_not_there_is_none() -> None:
    assert SmallModels().load_file(str(DATA / "no-such-service")) is None
