"""A row without a key is found by the names of objects as the main job finds it."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.evidence.ids import Ids
from backup_doctor.run.audit.aside import RUN, Aside
from backup_doctor.run.audit.model import OddRow

PIECES = st.lists(st.sampled_from(("aB", "Ab", "7c9e6679", "-", "_", ".", "é", " ")), max_size=6)
TEXTS = PIECES.map("".join)
# Of an id without a letter or a digit nothing can be said.
IDS = TEXTS.filter(RUN.search)
KEYS = st.tuples(TEXTS, TEXTS).map("/".join)


@given(dispatch_id=IDS, before=KEYS, after=TEXTS)
def test_a_name_holds_an_id_where_the_main_job_says_so(
    dispatch_id: str, before: str, after: str
) -> None:
    key = f"{before}{dispatch_id}{after}"
    with closing(Aside("acme", "")) as aside:
        aside.add([OddRow(None, "1", "stuck", None, None, dispatch_id)])

        found = aside.named_in(key)

    assert bool(found) is Ids([], of_rows=[dispatch_id]).whole_in(key)
