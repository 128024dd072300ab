"""Awards of NSF and NIH are read in every dress, and what is no award id is not taken for one."""

import pytest

from dmpworks.matching.comparison.awards import NihAward, award_key, is_award, parse_nih, parse_nsf, variants

NSF_TEXTS = [
    ("1507101", "1507101"),
    ("DMR 1507101", "1507101"),
    ("DMR-1507101", "1507101"),
    ("DMR\N{EN DASH}1507101", "1507101"),
    ("NSF-1507101", "1507101"),
    ("NSF DMR-1507101", "1507101"),
    ("DEB1647917", "1647917"),
    ("Award #0507101", "0507101"),
    ("https://www.nsf.gov/awardsearch/showAward?AWD_ID=2096340&HistoricalAwards=false", "2096340"),
    ("https://www.nsf.gov/awardsearch/show-award/?awd_id=2096340", "2096340"),
]

NIH_TEXTS = [
    ("1R01AI176039-01A1", "1R01AI176039-01A1"),
    ("1 R01 AI 176039 - 01A1", "1R01AI176039-01A1"),
    ("1-R01-AI176039-01-A1", "1R01AI176039-01A1"),
    ("r01ai176039", "R01AI176039"),
    ("R01-AI172002", "R01AI172002"),
    ("RO1NS123458", "R01NS123458"),
    ("R01 GM58554", "R01GM058554"),
    ("NIH P01 MH 176111", "P01MH176111"),
    ("GM-140402", "GM140402"),
    ("AI152858", "AI152858"),
    ("K99/R00 NS119997", "R00NS119997"),
    ("5P41GM108569-08", "5P41GM108569-08"),
    ("3R01GM193934-02A1S1", "3R01GM193934-02A1S1"),
]

NO_AWARDS = ["", "n/a", "N/A", "TBD", "tbd", "pending", "Pending", "0000", "12345", "1234567", "9999999", "2024",
             "not yet assigned", "internally funded", "pending 2024-113", "submitted 03/2024", "unknown", "-",
             "NSF 1234567", "NSF-0000000", "Award 12345", "grant no. 2024", "987654321"]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NSF_TEXTS)
def test_nsf_awards_are_seven_digits_however_written(text: str, number: str) -> None:
    found = parse_nsf(text)
    assert found is not None
    assert found.award_id == number


@pytest.mark.parametrize("text", [*NO_AWARDS, "PA-22-252", "DP160104110", "15071011"])
def test_what_is_no_nsf_award_is_none(text: str) -> None:
    assert parse_nsf(text) is None


@pytest.mark.parametrize(("text", "award_id"), NIH_TEXTS)
def test_nih_awards_are_read_in_parts(text: str, award_id: str) -> None:
    found = parse_nih(text)
    assert found is not None
    assert found.award_id == award_id


def test_the_parts_of_an_nih_award() -> None:
    assert parse_nih("1R01AI176039-01A1") == NihAward("AI", "176039", "1", "R01", "01", "A1")


@pytest.mark.parametrize("text", [*NO_AWARDS, "DE-SC0094367", "EP/R012369/1", "BK20220928", "R01GM000000", "XY123456"])
def test_what_is_no_nih_award_is_none(text: str) -> None:
    assert parse_nih(text) is None


@pytest.mark.parametrize("text", NO_AWARDS)
def test_placeholders_are_no_awards(text: str) -> None:
    assert not is_award(text)
    assert variants(text) == frozenset()


@pytest.mark.parametrize("text", ["831558", "1507101", "MR/W018961/1", "80NSSC22K8086", "232997/Z/16/Z", "101616829"])
def test_awards_are_awards(text: str) -> None:
    assert is_award(text)


SAME = [
    ("1507101", "NSF DMR-1507101"),
    ("DMR 1507101", "NSF-1507101"),
    ("DEB1647917", "https://www.nsf.gov/awardsearch/showAward?AWD_ID=1647917&HistoricalAwards=false"),
    ("1R01GM193934-01A1", "5R01GM193934-04"),
    ("K99NS119997", "NS-119997"),
    ("K99NS119997", "R00 NS119997-03"),
    ("EP/P031941/1", "EP P031941/1"),
    ("MR/W018961/1", "MRC MR/W018961"),
    ("232997/Z/16/Z", "WT 232997 Z/16/Z"),
    ("DE-SC0094367", "No. DESC0094367"),
    ("101665918", "Grant agreement ID: 101665918"),
    ("H2020-101596113", "GA 101596113"),
    ("747828691 - SFB 1333", "DFG 747828691"),
    ("ANR-16-CE21-0014", "No. ANR ANR16CE210014"),
    ("ARC-DP150106304", "dp150106304"),
    ("NASA-80NSSC16K4801", "No. 80NSSC16K4801"),
    ("\N{FULLWIDTH DIGIT ONE}507101", "1507101"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_one_award_meet(one: str, other: str) -> None:
    assert variants(one) & variants(other)


DIFFERENT = [
    ("1507101", "1507102"),
    ("1R01GM193934-01A1", "1R01GM193935-01A1"),
    ("K99NS119997", "K99HL119997"),
    ("EP/P031941/1", "EP/P031942/1"),
    ("EP/P031941/1", "MR/P031941/1"),
    ("232997/Z/16/Z", "232997/Z/17/Z"),
    ("AI-152858", "GM-152858"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_awards_do_not_meet(one: str, other: str) -> None:
    assert not variants(one) & variants(other)


def test_keys_are_letters_and_digits() -> None:
    assert award_key("DMR-\N{FULLWIDTH DIGIT ONE}507101 ") == "dmr1507101"
