"""Plans that the search engine refuses: the others are there, and the job says which are not."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from dmpworks.chains.process_dmps.sync import sync_index
from dmpworks.errors import SyncError
from dmpworks.matching.records import Plan
from dmpworks.services.search import BulkReport, Document


class Engine:
    """An index in memory that refuses what it is told to."""

    def __init__(self, refused: Sequence[str] = (), forgets: Sequence[str] = ()) -> None:
        self.documents: dict[str, Document] = {}
        self.refused, self.forgets = refused, forgets

    def bulk(self, index: str, upserts: Iterable[Document], deletes: Iterable[str]) -> BulkReport:
        report = BulkReport()
        for document in upserts:
            if document.id in self.refused:
                report.refuse(document.id, "mapper_parsing_exception")
            elif document.id not in self.forgets:
                self.documents[document.id] = document
                report.upserted += 1
        for gone in deletes:
            del self.documents[gone]
            report.deleted += 1
        return report

    def refresh(self, index: str) -> None:
        pass

    def count(self, index: str) -> int:
        return len(self.documents)

    def ids(self, index: str) -> Iterator[str]:
        return iter(sorted(self.documents))


PLANS = [Plan(f"10.48321/d{number}") for number in range(5)]


def test_plans_that_are_gone_leave_the_index() -> None:
    engine = Engine()
    sync_index(engine, "dmps", PLANS)  # type: ignore[arg-type]
    report = sync_index(engine, "dmps", PLANS[1:])  # type: ignore[arg-type]
    assert report.deleted == 1
    assert list(engine.ids("dmps")) == [plan.doi for plan in PLANS[1:]]


def test_refused_plans_fail_the_job_after_the_rest() -> None:
    engine = Engine(refused=[PLANS[2].doi])
    with pytest.raises(SyncError) as failure:
        sync_index(engine, "dmps", PLANS)  # type: ignore[arg-type]
    assert failure.value.what == "1 of 5 plans were refused by the search engine"
    assert f"{PLANS[2].doi}: mapper_parsing_exception" in failure.value.on
    assert len(engine.documents) == 4


def test_a_wrong_number_of_plans_in_the_index_fails_the_job() -> None:
    engine = Engine(forgets=[PLANS[0].doi])
    with pytest.raises(SyncError) as failure:
        sync_index(engine, "dmps", PLANS)  # type: ignore[arg-type]
    assert failure.value.what == "the index holds 4 plans, not 5"
