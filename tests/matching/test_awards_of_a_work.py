"""An award counts in any dress, and only with its funder."""

import pytest

from dmpworks.matching.comparison.funding import funding_agreement, same_funder
from dmpworks.matching.evidence import evidence
from dmpworks.matching.records import Award, Funder, PlanAward, Work

NSF = ("National Science Foundation", "021nxhr62")
NIH = ("National Institutes of Health", "01cwqze88")
EC = ("European Commission", "00k4n6c32")
WELLCOME = ("Wellcome Trust", "029chgv08")
NONE = (None, None)


def strength(ours: str, our_funder: tuple, theirs: str, their_funder: tuple, *funders: tuple) -> float | None:
    work = Work("10.5/w", funders=tuple(Funder(*funder) for funder in funders))
    found = funding_agreement(PlanAward(ours, *our_funder), Award(theirs, *their_funder), work)
    return found.score if found else None


@pytest.mark.parametrize(
    ("ours", "theirs", "funder"),
    [
        ("https://www.nsf.gov/awardsearch/showAward?AWD_ID=2096340&HistoricalAwards=false", "OCE-2096340", NSF),
        ("SES-1531511", "1531511", NSF),
        ("NSF 1531511", "SES 1531511", NSF),
        ("1R01GM193934-01A1", "GM193934", NIH),
        ("1 K99 HL177447-01", "NIH K99 HL 177447", NIH),
        ("RO1 AI176039", "R01-AI176039-05", NIH),
        ("232997/Z/16/Z", "WT 232997/Z/16/Z", WELLCOME),
        ("101434070", "101434070", EC),
        ("ＤＭＲ－1507101", "dmr 1507101", NSF),
    ],
)
def test_the_same_award_of_the_same_funder(ours: str, theirs: str, funder: tuple) -> None:
    assert strength(ours, funder, theirs, funder) == 1.0
    assert strength(ours, (funder[0], None), theirs, (None, funder[1])) == 0.8  # name and id say nothing to each other


@pytest.mark.parametrize(
    ("ours", "our_funder", "theirs", "their_funder"),
    [
        ("1997170", NSF, "1997170", EC),
        ("265202/Z/20/Z", WELLCOME, "265202/Z/20/Z", ("National Natural Science Foundation of China", "01h0zpd94")),
        ("1R01GM193934-01A1", NIH, "R01GM193934", NSF),
        ("DP160104110", ("Australian Research Council", None), "DP160104110", ("Medical Research Council", None)),
        ("1531511", NSF, "1531512", NSF),
        ("R01GM193934", NIH, "R01GM193935", NIH),
        ("n/a", NSF, "n/a", NSF),
        ("12345", NSF, "12345", NSF),
    ],
)
def test_another_award(ours: str, our_funder: tuple, theirs: str, their_funder: tuple) -> None:
    assert strength(ours, our_funder, theirs, their_funder) is None


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (NIH, ("National Institute of Neurological Disorders and Stroke", "01s5ya894")),
        (NIH, ("National Cancer Institute", None)),
        (NIH, ("National Heart, Lung, and Blood Institute", None)),
        (NIH, ("Eunice Kennedy Shriver National Institute of Child Health and Human Development", None)),
        (NIH, ("NIGMS", None)),
        (NSF, ("Division of Materials Research", "00whkrf32")),
        (NSF, ("Directorate for Biological Sciences", None)),
        (NSF, ("Office of Polar Programs", None)),
        (EC, ("European Research Council", "0472cxd90")),
        (EC, ("Horizon 2020 Framework Programme", None)),
        (("UK Research and Innovation", "001aqnf71"), ("Medical Research Council", "03x94j517")),
    ],
)
def test_parts_of_a_funder_report_its_awards(whole: tuple, part: tuple) -> None:
    assert same_funder(*whole, *part) == "name"
    assert same_funder(*part, *whole) == "name"


@pytest.mark.parametrize(
    ("whole", "other"),
    [
        (NIH, "National Institute of Food and Agriculture"),
        (NIH, "National Institute of Standards and Technology"),
        (NIH, "National Institute for Health and Care Research"),
        (NIH, "National Heart Foundation of Australia"),
        (NIH, "National Center for Theoretical Sciences"),
        (NSF, "Office of Naval Research"),
        (NSF, "Office of Science"),
    ],
)
def test_other_agencies_of_like_names_are_no_parts(whole: tuple, other: str) -> None:
    assert same_funder(*whole, other, None) is None
    assert same_funder(other, None, *whole) is None


def test_sisters_are_not_each_other() -> None:
    medical, engineering = (
        ("Medical Research Council", None),
        ("Engineering and Physical Sciences Research Council", None),
    )
    assert same_funder(*medical, *engineering) is None
    assert same_funder("National Cancer Institute", None, "National Eye Institute", None) is None


@pytest.mark.parametrize(("funders", "score"), [((), 0.8), ((NSF,), 0.9), ((EC, NSF), 0.9), ((EC,), 0.5)])
def test_an_award_without_a_funder_is_judged_by_the_works_funders(funders: tuple, score: float) -> None:
    assert strength("1531511", NSF, "1531511", NONE, *funders) == score


def test_the_evidence_names_what_matched(plan, work) -> None:
    ours = plan(awards=(PlanAward("1531511", *NSF), PlanAward(None, *EC)))
    theirs = work(awards=(Award("R01GM193934", *NIH), Award("SES-1531511", *NSF)), funders=(Funder(*NSF), Funder(*EC)))
    found = evidence(ours, theirs)
    assert found is not None
    assert [(item.index, item.score, item.fields) for item in found.award_matches] == [
        (1, 1.0, ("awards.awardId", "awards.funderRor"))
    ]
    assert [(item.index, item.fields) for item in found.funder_matches] == [
        (0, ("funders.ror",)),
        (1, ("funders.ror",)),
    ]
