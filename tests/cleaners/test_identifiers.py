import pytest

from dmpworks.cleaners import identifiers

SICI = "10.1002/(sici)1097-0258(19980815)17:15/16<1661::aid-sim968>3.0.co;2-2"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.5281/ZENODO.1", "10.5281/zenodo.1"),
        (" http://dx.doi.org/10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("doi:10.5281/zenodo.1", "10.5281/zenodo.1"),
        ("10.1000.10/123", "10.1000.10/123"),
        ("see 10.1234/one and 10.1234/two", "10.1234/one"),
        ("(https://doi.org/10.1234/abc).", "10.1234/abc"),
        ("<10.1234/abc>", "10.1234/abc"),
        ('"10.1234/abc",', "10.1234/abc"),
        ("10.1016/S0140-6736(05)67889-9", "10.1016/s0140-6736(05)67889-9"),
        (SICI.upper(), SICI),
        ("https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15/16%3C1661::AID-SIM968%3E3.0.CO;2-2", SICI),
        ("https://doi.org/10.1234%2Fabc", "10.1234/abc"),
        ("10.5555/e\u0301", "10.5555/é"),
        ("\u200b10.5555/a\u200b", "10.5555/a"),
        ("10.5555/a\ud800", "10.5555/a"),
        ("10.5555/a\x00", "10.5555/a"),
        ("https://doi.org/10.5555/a%20b", "10.5555/a%20b"),
    ],
)
def test_a_doi_is_found_and_normalised(text: str, doi: str) -> None:
    assert identifiers.doi(text) == doi


def test_megabytes_of_punctuation_are_cut_off_a_doi_in_no_time() -> None:
    assert identifiers.doi("10.5555/a" + ".)" * 1_000_000) == "10.5555/a"


@pytest.mark.parametrize(
    "text", [None, "", " ", "not a doi", "https://doi.org/", "10.1234/", "10.1234/.", "10./x", "110.1234/x"]
)
def test_what_holds_no_doi_gives_none(text: str | None) -> None:
    assert identifiers.doi(text) is None


@pytest.mark.parametrize(
    ("text", "ror"),
    [
        ("https://ror.org/02mgtg880", "02mgtg880"),
        ("ror.org/02MGTG880/", "02mgtg880"),
        (" 02mgtg880 ", "02mgtg880"),
        ("https://api.ror.org/organizations/02mgtg880", "02mgtg880"),
        ("02mgtg88", None),
        ("12mgtg880", None),
        ("https://example.org/02mgtg880", None),
        ("https://ror.org/", None),
        (None, None),
    ],
)
def test_ror_ids(text: str | None, ror: str | None) -> None:
    assert identifiers.ror(text) == ror


@pytest.mark.parametrize(
    "text", ["https://doi.org/10.13039/501100000780", "10.13039/012345678", "10.13039/ror.org/02mgtg880"]
)
def test_a_ror_id_is_never_read_out_of_a_funders_doi(text: str) -> None:
    assert identifiers.ror(text) is None
    assert identifiers.organisation_id(text, "ROR") in (None, ("fundref", "501100000780"), ("fundref", "012345678"))


@pytest.mark.parametrize(
    ("text", "orcid"),
    [
        ("https://orcid.org/0000-0001-2345-678X", "0000-0001-2345-678x"),
        ("0000‐0001‐2345‐6789", "0000-0001-2345-6789"),
        ("0000000123456789", "0000-0001-2345-6789"),
        ("0000-0001-2345-67890", None),
        ("orcid", None),
        ("\u0660\u0660\u0660\u0660-0001-2345-6789", None),
        (None, None),
    ],
)
def test_orcids(text: str | None, orcid: str | None) -> None:
    assert identifiers.orcid(text) == orcid


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://openalex.org/W123", "w123"),
        ("https://openalex.org/works/W123", "w123"),
        ("https://pubmed.ncbi.nlm.nih.gov/123/", "123"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC12", "pmc12"),
        ("https://openalex.org/", None),
        ("\thttps://openalex.org/ W\n1 ", "w 1"),
        ("  ", None),
        (None, None),
    ],
)
def test_url_prefixes_are_removed(text: str | None, bare: str | None) -> None:
    assert identifiers.strip_prefix(text) == bare


@pytest.mark.parametrize(
    ("text", "scheme", "found"),
    [
        ("https://www.grid.ac/institutes/grid.417621.7", "GRID", ("grid", "grid.417621.7")),
        ("grid.417621.7", "ROR", ("grid", "grid.417621.7")),
        ("0000 0001 2155 9477", "ISNI", ("isni", "0000000121559477")),
        ("https://isni.org/isni/000000012155947X", None, ("isni", "000000012155947x")),
        ("https://doi.org/10.13039/501100000780", "Crossref Funder ID", ("fundref", "501100000780")),
        ("501100000780", None, ("fundref", "501100000780")),
        ("780", "Crossref Funder ID", ("fundref", "780")),
        ("https://www.wikidata.org/wiki/Q5186651", None, ("wikidata", "q5186651")),
        ("Q5186651", "Wikidata", ("wikidata", "q5186651")),
        ("https://ror.org/02mgtg880", "Crossref Funder ID", ("ror", "02mgtg880")),
        ("02mgtg880", "ROR", ("ror", "02mgtg880")),
        ("https://doi.org/10.35802/100003", "Other", None),
        ("https://orcid.org/0000-0001-2345-6789", None, None),
        ("0000-0001-2345-6789", "ORCID", None),
        ("http://www.example.org", "Other", None),
        ("10.13039/\u0661\u0662\u0663", "Crossref Funder ID", None),
        ("\u0661" * 16, "ISNI", None),
        ("", "ROR", None),
        (None, None, None),
    ],
)
def test_ids_of_organisations(text: str | None, scheme: str | None, found: tuple[str, str] | None) -> None:
    assert identifiers.organisation_id(text, scheme) == found


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("DMR-1676672", ["DMR-1676672"]),
        ("A 1; B/2, C,,A 1", ["A 1", "B/2", "C"]),
        (1507101, ["1507101"]),
        (1507101.0, ["1507101"]),
        (" ; ", []),
        (float("nan"), []),
        (True, []),
        (None, []),
    ],
)
def test_award_ids_are_split(value: str | float | None, ids: list[str]) -> None:
    assert identifiers.award_ids(value) == ids
