"""The candidates of a plan in their classes: direct, related to direct ones, similar to the plan."""

from dmpworks.matching.candidates import (
    MOST_ANCHORS,
    MOST_RELATED,
    MOST_SIMILAR,
    direct_candidates,
    related_candidates,
    related_dois,
    similar_candidates,
)
from dmpworks.matching.comparison.content import Topic
from dmpworks.matching.records import Author, Award, Funder, Institution, PlanAward, Relations

ADA = Author("0000-0001-2345-678x", "A", "Ada", None, None, "Byron", "Ada Byron")
NAMESAKE = Author(None, "A", "Ada", None, None, "Byron", "Ada Byron")
ALHAM, NSF = Institution("University of Alham", "0arb7sd45"), Funder("National Science Foundation", "021nxhr62")
TOPIC = Topic({"graphene": 1.0, "membrane": 1.0})


def ours(plan):
    return plan(authors=(ADA,), institutions=(ALHAM,), awards=(PlanAward("1531511", NSF.name, NSF.ror),))


def test_only_works_with_strong_evidence_are_direct(plan, work) -> None:
    works = [work(doi="10.5/a", authors=(ADA,)), work(doi="10.5/b", institutions=(ALHAM,), funders=(NSF,))]
    assert [match.work.doi for match in direct_candidates(ours(plan), works, TOPIC)] == ["10.5/a"]


def test_relations_of_direct_candidates_lead_to_related_ones(plan, work) -> None:
    relations = Relations(("10.5/version",), ("10.5/supplement", "10.5/other"), ("10.5/cited",))
    works = [work(doi="10.5/a", authors=(ADA,), relations=relations), work(doi="10.5/other", authors=(ADA,))]
    related = related_dois(ours(plan), direct_candidates(ours(plan), works, TOPIC))
    assert related == dict.fromkeys(("10.5/version", "10.5/supplement", "10.5/cited"), ("10.5/a",))
    version = work(doi="10.5/version", relations=Relations(("10.5/a",)))
    fetched = [version, work(doi="10.5/cited", awards=(Award("1531511"),))]
    matches = related_candidates(ours(plan), fetched, TOPIC, related)
    assert [(match.work.doi, match.evidence_class) for match in matches] == [
        ("10.5/version", "related"),
        ("10.5/cited", "direct"),
    ]


def test_a_mere_name_leads_nowhere(plan, work) -> None:
    works = [work(doi="10.5/a", authors=(NAMESAKE,), relations=Relations(("10.5/version",)))]
    assert related_dois(ours(plan), direct_candidates(ours(plan), works, TOPIC)) == {}


def test_no_more_works_are_fetched_than_the_limits_allow(plan, work) -> None:
    works = [work(doi=f"10.5/{n:02}", authors=(ADA,), relations=Relations((f"10.7/{n:02}",))) for n in range(30)]
    assert len(related_dois(ours(plan), direct_candidates(ours(plan), works, TOPIC))) == MOST_ANCHORS
    parts = tuple(f"10.6/{number:04}" for number in range(300))
    collection = [work(doi="10.5/a", authors=(ADA,), relations=Relations((), parts))]
    assert list(related_dois(ours(plan), direct_candidates(ours(plan), collection, TOPIC))) == list(
        parts[:MOST_RELATED]
    )


def test_the_most_similar_works_are_kept_unless_they_are_candidates_already(plan, work) -> None:
    titles = [f"graphene membrane {' '.join(f'other{n}' for n in range(length))}" for length in range(15)]
    works = [
        work(doi=f"10.5/{number:02}", title=title, institutions=(ALHAM,), funders=(NSF,))
        for number, title in enumerate([*titles, "nothing shared"])
    ]
    direct = direct_candidates(ours(plan), [work(doi="10.5/00", authors=(ADA,))], TOPIC)
    similar = similar_candidates(ours(plan), works[::-1], TOPIC, direct)
    assert [match.work.doi for match in similar] == [f"10.5/{number:02}" for number in range(1, MOST_SIMILAR + 1)]
    assert {match.evidence_class for match in similar} == {"similar"}
