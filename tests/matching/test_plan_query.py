"""The query for a plan, and that it finds what the evidence accepts."""

from datetime import date

from dmpworks.matching.comparison.content import Statistics
from dmpworks.matching.fields import FIELDS, search_fields
from dmpworks.matching.plan_query import build_query, build_similar_query, needed_frequencies
from dmpworks.matching.query import Query
from dmpworks.matching.records import Author, Award, FundedDoi, Funder, Institution, PlanAward, Relations, Work

ADA = Author("0000-0001-2345-678x", "A", "Ada", None, None, "O'Byron", "Ada O'Byron")
NOTHING = Statistics(1000)


def clauses_of(query: Query | None, field: str) -> list[tuple]:
    assert query is not None
    return [(c.weight, c.terms or c.phrase) for c in (*query.strong, *query.supporting) if c.field == field]


def full_plan(plan):
    return plan(
        title="Analytical engines",
        abstract_text="Engines compute.",
        authors=(ADA,),
        institutions=(Institution("University of Alham, Alham", "0arb7sd45"),),
        awards=(
            PlanAward("DMR-1507101", "National Science Foundation", "021nxhr62"),
            PlanAward(None, "Wellcome Trust"),
        ),
        accepted_dois=("10.5/known",),
        rejected_dois=("10.5/no",),
        funded_dois=(FundedDoi("10.5/f", "1"), FundedDoi("10.5/f", "2"), FundedDoi("10.5/g")),
    )


def test_strong_signals_and_their_weights(plan) -> None:
    query = build_query(full_plan(plan), NOTHING, 50)
    assert clauses_of(query, "doi") == [(15.0, ("10.5/f", "10.5/g"))]
    assert clauses_of(query, "award") == [(10.0, ("1507101", "dmr1507101", "nsf:1507101"))]
    assert clauses_of(query, "orcid") == [(6.0, ("0000-0001-2345-678x",))]
    assert clauses_of(query, "initial") == [(5.0, ("obyron.a",)), (2.0, ("obyron.",))]
    relations = {field: clauses_of(query, field) for field in FIELDS if field.endswith("_doi")}
    assert relations == {
        "intra_work_doi": [(10.0, ("10.5/known",))],
        "shared_project_doi": [(5.0, ("10.5/known",))],
        "dataset_citation_doi": [(2.5, ("10.5/known",))],
    }
    strong = {clause.field for clause in query.strong}
    assert strong == {"doi", "award", "orcid", "initial", *relations}


def test_supporting_signals(plan) -> None:
    query = build_query(full_plan(plan), NOTHING, 50)
    assert clauses_of(query, "institution_ror") == [(2.0, ("0arb7sd45",))]
    assert clauses_of(query, "institution_name") == [(1.5, ("uoa",))]
    assert clauses_of(query, "funder_ror") == [(1.5, ("021nxhr62",))]
    assert clauses_of(query, "funder_name") == [(1.0, ("nsf",)), (1.0, ("wellcome", "trust"))]
    phrases = {clause.phrase for clause in query.supporting if clause.phrase}
    assert phrases == {("university", "of", "alham"), ("national", "science", "foundation"), ("wellcome", "trust")}
    assert {terms[0] for _, terms in clauses_of(query, "content")} == {"analytical", "engine", "compute"}
    assert 7 <= sum(weight for weight, _ in clauses_of(query, "content")) <= 9


def test_the_similar_query_needs_institution_and_funder(plan) -> None:
    query = build_similar_query(full_plan(plan), NOTHING, 50)
    assert query is not None
    assert {clause.field for clause in query.strong} == {"institution_ror", "institution_name"}
    assert {clause.field for clause in query.required} == {"funder_ror", "funder_name"}
    assert {clause.field for clause in query.supporting} == {"content"}
    assert query.excluded_dois == ("10.48321/p", "10.5/known", "10.5/no")
    assert build_similar_query(plan(institutions=(Institution("University of Alham"),)), NOTHING, 50) is None
    assert build_similar_query(plan(awards=(PlanAward(None, "Wellcome Trust"),)), NOTHING, 50) is None


def test_filters(plan) -> None:
    query = build_query(full_plan(plan), NOTHING, 50)
    assert (query.published_from, query.published_to, query.limit) == (date(2019, 1, 1), date(2024, 12, 31), 50)
    assert query.excluded_types == ("OUTPUT_MANAGEMENT_PLAN",)
    assert query.excluded_dois == ("10.48321/p", "10.5/known", "10.5/no")


def test_weights_are_sixteenths_and_rarer_names_weigh_more(plan) -> None:
    ours = full_plan(plan)
    common = Statistics(1000, {"initial": {"obyron.a": 40, "obyron.": 300}, "content": {"engine": 77}})
    query = build_query(ours, common, 50)
    assert all(clause.weight * 16 % 1 == 0 and clause.weight > 0 for clause in (*query.strong, *query.supporting))
    assert clauses_of(query, "initial")[1][0] < 1.0 < clauses_of(query, "initial")[0][0] < 5.0
    assert clauses_of(query, "initial")[1][0] == 0.375


def test_every_clause_is_about_a_field_that_is_there(plan) -> None:
    query = build_query(full_plan(plan), NOTHING, 50)
    for clause in (*query.strong, *query.supporting):
        assert FIELDS[clause.field] == ("tokens" if clause.phrase else "term")
    assert set(needed_frequencies(full_plan(plan))) <= set(FIELDS)
    assert needed_frequencies(full_plan(plan))["content"] == ("analytical", "engine", "compute")


def test_a_plan_without_any_strong_signal_has_no_query(plan) -> None:
    ours = plan(title="Engines", institutions=(Institution("University of Alham"),), awards=(PlanAward(None, "NSF"),))
    assert build_query(ours, NOTHING, 50) is None


def test_the_fields_of_a_work() -> None:
    work = Work(
        "10.5/w",
        title="Engines of Ada",
        abstract_text="Ada’s engines compute Fe₃O₄.",
        authors=(ADA, Author(full="Wang, Tao", surname="Wang", given_name="Tao", first_initial="T"), Author()),
        institutions=(Institution("University of Alham"), Institution("Alham Clinic", "0fp6x9762"), Institution()),
        funders=(Funder("NSF", "021nxhr62"),),
        awards=(Award("DMR-1507101", "NSF", "021nxhr62"), Award("R01GM193934", "NIH")),
        relations=Relations(("10.5/a",), ("10.5/b",), ("10.5/c",)),
    )
    fields = search_fields(work)
    assert list(fields) == list(FIELDS)
    assert fields["doi"] == ["10.5/w"]
    assert fields["orcid"] == ["0000-0001-2345-678x"]
    assert fields["surname"] == ["ada", "obyron", "adaobyron", "tao", "wang", "taowang"]
    assert fields["initial"] == ["ada.o", "obyron.a", "adaobyron.", "tao.w", "wang.t", "taowang."]
    assert fields["institution_ror"] == ["0fp6x9762"]
    assert fields["institution_name"] == "university of alham | | | | alham clinic"
    assert fields["funder_ror"] == ["021nxhr62"]
    assert fields["funder_name"] == "nsf | | | | nih"
    assert {"1507101", "dmr1507101", "r01gm193934", "gm193934"} <= set(fields["award"])
    assert (fields["intra_work_doi"], fields["shared_project_doi"], fields["dataset_citation_doi"]) == (
        ["10.5/a"],
        ["10.5/b"],
        ["10.5/c"],
    )
    assert fields["content"] == ["engine", "ada", "compute", "fe3o4"]


def test_an_empty_work_has_empty_fields_and_no_term_is_immense() -> None:
    empty = search_fields(Work("10.5/w"))
    assert {field for field, value in empty.items() if value} == {"doi"}
    long = search_fields(Work("10.5/w", title="x" * 40_000, authors=(Author(full="y" * 40_000, surname="y" * 40_000),)))
    assert long["content"] == long["surname"] == []


def test_many_people_need_no_more_clauses_than_an_engine_allows(plan) -> None:
    people = tuple(Author(surname=f"Byron{number}", full=f"Byron{number}") for number in range(120))
    clauses = clauses_of(build_query(plan(authors=people), NOTHING, 50), "surname")
    assert len(clauses) == 51
    assert clauses[49][1] == ("byron49",)
    assert clauses[50] == (2.0, tuple(f"byron{number}" for number in range(50, 120)))
