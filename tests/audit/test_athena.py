"""The query for Athena, as far as it can be tried here."""

from __future__ import annotations

from doctor.audit.athena import athena
from doctor.case import Names


def test_it_has_the_names_of_the_pipeline_and_nothing_left_to_fill_in() -> None:
    names = Names(
        table="app.runs", columns={"s3_key": "object"}, success="done", bucket="ac'me", prefix="b/"
    )

    text = athena(names)

    assert "FROM app.runs" in text
    assert "object AS s3_key" in text
    assert "status = 'done'" in text
    assert "bucket = 'ac''me'" in text
    assert ":'" not in text
    assert ":stuck_after" not in text
