"""Two spellings of one award meet, and two awards do not, by funder.

SOURCE names the page where each funder lists awards in its own spelling; the other spellings are those that people have
reported from plans and articles. "alone": the two meet though nobody names the funder.
"""

import pytest

from dmpworks.matching.comparison.awards import award_terms, is_award, same_award

SOURCE = {
    "National Science Foundation": "https://www.nsf.gov/awardsearch/",
    "National Institutes of Health": "https://www.nlm.nih.gov/bsd/grant_acronym.html",
    "European Commission": "https://cordis.europa.eu/projects",
    "Wellcome Trust": "https://wellcome.org/research-funding/funding-portfolio",
    "UK Research and Innovation": "https://gtr.ukri.org/",
    "Deutsche Forschungsgemeinschaft": "https://gepris.dfg.de",
    "Swiss National Science Foundation": "https://data.snf.ch/grants",
    "Japan Society for the Promotion of Science": "https://www.jsps.go.jp/english/e-grants/",
    "Gordon and Betty Moore Foundation": "https://www.moore.org/grants",
    "National Health and Medical Research Council": "https://www.nhmrc.gov.au/funding/data-research/outcomes",
    "Australian Research Council": "https://dataportal.arc.gov.au/",
    "Agence Nationale de la Recherche": "https://anr.fr/en/funded-projects-and-impact/",
    "São Paulo Research Foundation": "https://bv.fapesp.br/en/",
    "National Council for Scientific and Technological Development": "https://www.gov.br/cnpq/",
    "National Natural Science Foundation of China": "https://www.nsfc.gov.cn/english/",
    "National Aeronautics and Space Administration": "https://www.nasa.gov/centers-and-facilities/nssc/grants/",
    "National Oceanic and Atmospheric Administration": "https://www.noaa.gov/organization/acquisition-grants",
    "United States Department of Energy": "https://pamspublic.science.energy.gov/",
    "Bill & Melinda Gates Foundation": "https://www.gatesfoundation.org/about/committed-grants",
    "Canadian Institutes of Health Research": "https://webapps.cihr-irsc.gc.ca/decisions/",
    "Natural Sciences and Engineering Research Council": "https://www.nserc-crsng.gc.ca/ase-oro/",
    "FWF Austrian Science Fund": "https://www.fwf.ac.at/en/research-radar",
    "Fundação para a Ciência e Tecnologia": "https://www.fct.pt/en/",
    "Alfred P. Sloan Foundation": "https://sloan.org/grants-database",
}
ALONE, WITH_FUNDER = True, False

NSF, NIH, EC, WELLCOME, UKRI, DFG, SNSF, JSPS, MOORE, NHMRC, ARC, ANR, FAPESP, CNPQ, NSFC, NASA, NOAA, DOE, GATES = [
    *SOURCE
][:19]
CIHR, NSERC, FWF, FCT, SLOAN = [*SOURCE][19:]

SAME = [
    (NSF, "2109860", "NSF-2109860", ALONE),
    (NSF, "2109860", "PHY 2109860", ALONE),
    (NSF, "2109860", "NSF PHY-2109860", ALONE),
    (NSF, "2109860", "AGS2109860", ALONE),
    (NSF, "2109860", "NSF award number 2109860", ALONE),
    (NSF, "2109860", "#2109860", ALONE),
    (NSF, "2109860", "https://www.nsf.gov/awardsearch/showAward?AWD_ID=2109860&HistoricalAwards=false", ALONE),
    (NSF, "OCE-0623475", "623475", WITH_FUNDER),
    (NSF, "0623475", "OCE 623475", WITH_FUNDER),
    (NSF, "DEB-0623475", "NSF 623475", WITH_FUNDER),
    (NIH, "R01AI176039", "5R01AI176039-03", ALONE),
    (NIH, "R01AI176039", "AI176039", ALONE),
    (NIH, "R01AI176039", "NIH/NIAID R01 AI176039", ALONE),
    (NIH, "R01AI176039", "NIH R01AI176039 (to J.R.)", ALONE),
    (NIH, "R01AI176039", "R01-AI-176039", ALONE),
    (NIH, "R01AI176039", "1 R01 AI 176039-01A1", ALONE),
    (NIH, "R01AI176039", "RO1AI176039", ALONE),
    (NIH, "R01AI176039", "R01AI176039/AI/NIAID NIH HHS/United States", ALONE),
    (NIH, "P30CA016087", "5 P30 CA016087-33S1", ALONE),
    (NIH, "K99HL177447", "R00HL177447", ALONE),
    (EC, "101017452", "Grant agreement No. 101017452", ALONE),
    (EC, "101017452", "H2020-101017452", ALONE),
    (EC, "101017452", "EC 101017452", ALONE),
    (EC, "777536", "777536 (SSICLOPS)", ALONE),
    (EC, "851234", "ERC-2019-STG 851234", WITH_FUNDER),
    (EC, "777536", "H2020 777536", WITH_FUNDER),
    (WELLCOME, "222322/Z/21/Z", "222322_Z_21_Z", ALONE),
    (WELLCOME, "222322/Z/21/Z", "222322Z21Z", ALONE),
    (WELLCOME, "222322/Z/21/Z", "WT222322/Z/21/Z", ALONE),
    (WELLCOME, "222322/Z/21/Z", "WT 222322", ALONE),
    (WELLCOME, "222322/Z/21/Z", "222322", WITH_FUNDER),
    (WELLCOME, "WT098051", "98051", WITH_FUNDER),
    (UKRI, "EP/N509486/1", "EPN5094861", ALONE),
    (UKRI, "EP/N509486/1", "EP-N509486-1", ALONE),
    (UKRI, "EP/N509486/1", "EP/N509486", ALONE),
    (UKRI, "EP/N509486/1", "EPSRC EP/N509486/1", ALONE),
    (UKRI, "BB/S506795/1", "BB-S506795-1", ALONE),
    (DFG, "390814868", "EXC 2111-390814868", WITH_FUNDER),
    (DFG, "EXC-2111 – 390814868", "390814868", WITH_FUNDER),
    (DFG, "EXC 2111/1 - 390814868", "Project-ID 390814868", WITH_FUNDER),
    (DFG, "TRR 170-83846279", "83846279", WITH_FUNDER),
    (DFG, "747828691 - SFB 1333", "DFG 747828691", ALONE),
    (DFG, "SFB 1032", "SFB-1032", ALONE),
    (SNSF, "P2ELP2_184408", "P2ELP2-184408", ALONE),
    (SNSF, "P2EZP2_175162", "175162", WITH_FUNDER),
    (SNSF, "200021_182544", "200021-182544", ALONE),
    (SNSF, "200021_182544", "182544", WITH_FUNDER),
    (SNSF, "200021_182544/1", "SNSF 182544", WITH_FUNDER),
    (JSPS, "JP19K12345", "19K12345", ALONE),
    (JSPS, "JP19K12345", "KAKENHI 19K12345", ALONE),
    (JSPS, "JP19K12345", "JSPS KAKENHI Grant Number JP19K12345", ALONE),
    (JSPS, "JP26870123", "26870123", WITH_FUNDER),
    (MOORE, "GBMF5205", "GBMF 5205", ALONE),
    (MOORE, "GBMF5205", "5205", WITH_FUNDER),
    (MOORE, "GBMF5205", "#5205", WITH_FUNDER),
    (MOORE, "GBMF5205.01", "GBMF5205", ALONE),
    (NHMRC, "APP1107250", "GNT1107250", ALONE),
    (NHMRC, "APP1107250", "1107250", WITH_FUNDER),
    (NHMRC, "GNT 1107250", "NHMRC 1107250", WITH_FUNDER),
    (ARC, "DP190100123", "ARC DP190100123", ALONE),
    (ARC, "DP190100123", "DP 190100123", ALONE),
    (ANR, "ANR-11-LABX-0033", "ANR11LABX0033", ALONE),
    (ANR, "ANR-11-LABX-0033", "11-LABX-0033", ALONE),
    (ANR, "ANR-11-LABX-0033", "ANR-11-LABX-0033-01", ALONE),
    (FAPESP, "2016/01234-5", "FAPESP 2016/01234-5", ALONE),
    (FAPESP, "2016/01234-5", "16/01234-5", ALONE),
    (CNPQ, "312345/2018-1", "CNPq 312345/2018-1", ALONE),
    (CNPQ, "312345/2018-1", "Grant no. 312345/2018-1", ALONE),
    (NSFC, "51972345", "NSFC 51972345", ALONE),
    (NSFC, "51972345", "No. 51972345", ALONE),
    (NASA, "80NSSC18K0788", "NASA 80NSSC18K0788", ALONE),
    (NASA, "80NSSC18K0788", "80-NSSC-18-K0788", ALONE),
    (NASA, "NNX17AE91G", "NASA-NNX17AE91G", ALONE),
    (NOAA, "NA17OAR4320101", "NA 17 OAR 4320101", ALONE),
    (NOAA, "NA17OAR4320101", "NA-17-OAR-4320101", ALONE),
    (NOAA, "NA17OAR4320101", "NOAA NA17OAR4320101", ALONE),
    (DOE, "DE-SC0012704", "SC0012704", ALONE),
    (DOE, "DE-SC0012704", "DE-SC-0012704", ALONE),
    (DOE, "DE-AC02-05CH11231", "AC02-05CH11231", ALONE),
    (GATES, "OPP1171234", "OPP-1171234", ALONE),
    (CIHR, "MOP-136987", "136987", WITH_FUNDER),
    (CIHR, "PJT156123", "PJT-156123", ALONE),
    (NSERC, "RGPIN-2017-04567", "RGPIN/04567-2017", ALONE),
    (FWF, "P 30437-N35", "P30437", WITH_FUNDER),
    (FWF, "P30437-N35", "P 30437 N35", ALONE),
    (FCT, "SFRH/BD/12345/2008", "SFRH-BD-12345-2008", ALONE),
    (SLOAN, "G-2019-11432", "G201911432", ALONE),
]

DIFFERENT = [
    (NSF, "2109860", NSF, "2109861"),
    (NSF, "OCE-0623475", NSF, "1623475"),
    (NSF, "OCE-0623475", None, "623475"),
    (NSF, "OCE-0623475", EC, "623475"),
    (NIH, "R01AI176039", NIH, "R01AI176040"),
    (NIH, "R01AI176039", NIH, "R01GM176039"),
    (NIH, "R01AI176039", NIH, "https://reporter.nih.gov/project-details/10595712"),  # an application, not the award
    (EC, "777536", EC, "777537 (SSICLOPS)"),
    (EC, "ERC-2019-STG 851234", None, "851235"),
    (WELLCOME, "222322/Z/21/Z", WELLCOME, "222322/Z/22/Z"),
    (WELLCOME, "222322/Z/21/Z", WELLCOME, "222323"),
    (WELLCOME, "222322/Z/21/Z", None, "222322"),
    (WELLCOME, "WT222322", NSFC, "222322"),
    (UKRI, "EP/N509486/1", UKRI, "EP/N509487/1"),
    (UKRI, "EP/N509486/1", UKRI, "BB/N509486/1"),
    (DFG, "EXC 2111-390814868", DFG, "EXC 2111-390814869"),
    (DFG, "SFB 1032", DFG, "SFB 1033"),
    (SNSF, "P2EZP2_175162", SNSF, "P2EZP2_175163"),
    (SNSF, "P2EZP2_175162", None, "175162"),
    (SNSF, "200021_182544", NIH, "182544"),
    (JSPS, "JP19K12345", JSPS, "JP19K12346"),
    (JSPS, "JP26870123", NSFC, "26870123"),
    (MOORE, "GBMF5205", MOORE, "5206"),
    (MOORE, "GBMF5205", None, "5205"),
    (MOORE, "GBMF5205", SLOAN, "#5205"),
    (MOORE, "GBMF5205.01", MOORE, "GBMF5205.02"),
    (NHMRC, "APP1107250", NSF, "1107250"),
    (NHMRC, "APP1107250", None, "1107250"),
    (ARC, "DP190100123", ARC, "LP190100123"),
    (ANR, "ANR-11-LABX-0033", ANR, "ANR-11-LABX-0034"),
    (FAPESP, "2016/01234-5", FAPESP, "2017/01234-5"),
    (FAPESP, "16/01234-5", FAPESP, "15/01234-5"),
    (NOAA, "NA17OAR4320101", NOAA, "NA18OAR4320101"),
    (CIHR, "MOP-136987", WELLCOME, "136987"),
    (NSERC, "RGPIN-2017-04567", NSERC, "RGPIN-2018-04567"),
    (FWF, "P 30437-N35", FWF, "I 30437-N35"),
    (FCT, "SFRH/BD/12345/2008", FCT, "SFRH/BD/12345/2009"),
]


def test_the_tables_are_large_enough_to_be_a_specification() -> None:
    assert len(SAME) + len(DIFFERENT) >= 110
    assert len({funder for funder, *_ in SAME}) >= 20
    assert {funder for funder, *_ in SAME} <= SOURCE.keys()


@pytest.mark.parametrize(("funder", "one", "other", "alone"), SAME)
def test_two_spellings_of_one_award_meet(funder: str, one: str, other: str, alone: bool) -> None:
    named, nobody = ((funder, None),), ((None, None),)
    assert same_award(one, named, other, named)
    assert same_award(other, named, one, named)
    assert same_award(one, nobody, other, nobody) is alone
    # what the evidence accepts, the search engine finds: both sides share a term
    assert not set(award_terms(one, named)).isdisjoint(award_terms(other, named))


@pytest.mark.parametrize(("funder", "one", "other_funder", "other"), DIFFERENT)
def test_two_awards_do_not_meet(funder: str, one: str, other_funder: str | None, other: str) -> None:
    assert not same_award(one, ((funder, None),), other, ((other_funder, None),))
    assert not same_award(other, ((other_funder, None),), one, ((funder, None),))


@pytest.mark.parametrize(
    "text", ["NA-17-OAR-4320101", "NA 17 OAR 4320101", "Test-Bed 2013-1234", "internal-2021-44", "pending 4320101",
             "NOT-OD-21-041", "Null-Space 881234", "not-for-profit 88213"],
)  # fmt: skip
def test_a_placeholder_word_inside_an_id_does_not_void_it(text: str) -> None:
    assert is_award(text)
    assert award_terms(text, ()) != ()


@pytest.mark.parametrize(
    "text", ["NA", "N/A 2021", "none (2021)", "internal", "internally funded 2022", "test", "test 1234567",
             "TBD-2023", "pending 03/2024", "to be determined in 2025", "not applicable 2020"],
)  # fmt: skip
def test_a_placeholder_with_no_more_than_a_year_is_none(text: str) -> None:
    assert not is_award(text)
    assert award_terms(text, ((NSF, None),)) == ()
