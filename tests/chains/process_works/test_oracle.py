"""The index that the SQL makes, against one made from the rules in plain Python, on worlds of accidents."""

from datetime import timedelta
from random import Random

import pyarrow.parquet as pq

from tests.chains.process_works.oracle import RELATION_TYPES, works_index
from tests.chains.process_works.rendered import Models, works
from tests.chains.process_works.world import (
    SCHEMAS,
    World,
    author,
    award,
    crossref,
    datacite,
    day,
    openalex,
    party,
    relation,
)

DOIS = [f"10.1/{number}" for number in range(60)]
ROR_IDS = [f"0{number:08d}" for number in range(6)]
DAYS = [None, day(1), day(1) + timedelta(microseconds=1), day(2), day(3)]
TEXTS = [None, "A text", "Another", "Ähnlich", "anOther", "A text of some length", "A text of the length "]
NAMES = [None, "NSF", "nsf", "National Science Foundation", "Österreich", "ÖSTERREICH"]
FOREIGN_IDS = [
    ("isni", "0000 0001 2155 9477"),
    ("isni", "0000000121559477"),
    ("isni", " 0000 0005 0000 000X "),
    ("grid", "grid.417621.7"),
    ("grid", " grid.1"),
    ("fundref", "100000001"),
    ("wikidata", "Q42 "),
    ("wikidata", "q42"),
]
OTHER_RELATION_TYPES = ["references", "IsReferencedBy", "haspart", "unknown"]


class Accidents:
    """Makes rows of every dataset out of few values, so that they collide in every way."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.types = [*(name for names in RELATION_TYPES.values() for name in names), *OTHER_RELATION_TYPES]

    def some(self, make, most: int = 4) -> list:
        """A list of up to so many things, repetitions among them."""
        made = [make() for _ in range(self.random.randint(0, most))]
        return [*made, self.random.choice(made)] if made and self.random.random() < 0.3 else made

    def organisation(self) -> tuple:
        """A name, the kind of an id and the id, each with gaps; known to ROR or not."""
        known = [("ror", ror) for ror in [*ROR_IDS, "0newer001"]] + FOREIGN_IDS + [("grid", "grid.unknown")]
        return self.random.choice(NAMES), *self.random.choice([*known, (None, None), (None, None)])

    def award(self) -> dict:
        """An award, now with a funder, now without."""
        nobody = (None, None, None)
        return award(
            self.random.choice(["A-1", "a-1", "B 2", "0", "Ä"]), *self.random.choice([nobody, self.organisation()])
        )

    def record(self, doi: str) -> dict:
        """What records of DataCite, Crossref and OpenAlex have in common."""
        choice = self.random.choice
        return {"doi": doi, "title": choice(TEXTS), "abstract_text": choice(TEXTS), "updated_date": choice(DAYS)} | {
            "funders": self.some(lambda: party(*self.organisation())),
            "awards": self.some(self.award, 6),
        }

    def described(self, doi: str) -> dict:
        """What records of DataCite and OpenAlex have in common."""
        choice = self.random.choice
        orcids = [None, "0000-0001-0000-0001", "0000-0001-0000-0002"]
        return self.record(doi) | {
            "publication_date": choice([None, day(1).date(), day(2).date()]),
            "publication_venue": choice(TEXTS),
            "authors": self.some(lambda: author(choice(["Ann", "Bob"]), choice(orcids))),
            "institutions": self.some(lambda: party(*self.organisation()), 8),
        }

    def openalex(self, doi: str) -> dict:
        """A work of OpenAlex; few ids, so that versions and works without any meet."""
        choice = self.random.choice
        own = {name: choice([None, "1"]) for name in ("mag", "pmid", "pmcid")} | {"work_type": choice([None, "a-b"])}
        id = choice([None, *(f"w{number}" for number in range(80))])
        return openalex(doi, id, **own, funder_ids=self.some(lambda: choice(["f1", "f2"]))) | self.described(doi)

    def relations(self) -> list[dict]:
        """Relations to any DOI, also outside the index, to itself, to hubs."""
        partners = [*DOIS, *(["10.1/0", "10.1/1", "10.9/hub"] * 8), "10.9/elsewhere"]
        few = self.random.sample(self.types, 8)
        return self.some(lambda: relation(self.random.choice(few), self.random.choice(partners)), 8)

    def organisations(self) -> list[dict]:
        """The ROR dataset: ids are claimed by several, active or not."""
        ids = [{"id_type": id_type, "id": id} for id_type, id in FOREIGN_IDS]
        status = ["active", "inactive", "withdrawn", None]
        return [
            {"ror": ror, "name": ror, "status": self.random.choice(status), "external_ids": self.random.sample(ids, 3)}
            for ror in ROR_IDS
        ]

    def datasets(self) -> dict[str, list[dict]]:
        """All five datasets."""
        raw_types = [None, "Dataset", "Text", "BookChapter", "Collection"]
        doi, kind = lambda: self.random.choice(DOIS), lambda: self.random.choice(raw_types)
        registered = [crossref(**self.record(doi()), relations=self.relations()) for _ in range(80)]
        deposited = [datacite(doi()) | {"work_type": kind(), "relations": self.relations()} for _ in range(60)]
        return {
            "ror": self.organisations(),
            "openalex-works": [self.openalex(doi()) for _ in range(120)],
            "crossref-metadata": registered,
            "datacite": [row | self.described(row["doi"]) for row in deposited if row["doi"] < "10.1/3"],
            "data-citation-corpus": [{"publication_doi": doi(), "dataset_doi": doi()} for _ in range(90)],
        }


def read(world: World) -> dict[str, list[dict]]:
    """The rows as the job reads them: every column, nulls and empty lists spelt out."""
    return {name: pq.read_table(world.bucket.root / name).to_pylist() for name in SCHEMAS}


def fill(world: World, seed: int) -> None:
    """Write the datasets of a seed, two files each."""
    for dataset, rows in Accidents(seed).datasets().items():
        world.write(dataset, rows[: len(rows) // 2], rows[len(rows) // 2 :])


def check(works: dict[str, dict], expected: dict[str, dict]) -> None:
    """Every column of every work is as expected; equal hashes, equal contents, and the other way round."""
    assert set(works) == set(expected)
    for doi, work in works.items():
        assert {name: value for name, value in work.items() if name != "hash"} == expected[doi]
    contents = {
        (work["hash"], repr({name: work[name] for name in work if name not in ("doi", "hash", "updated_date")}))
        for work in works.values()
    }
    assert len(contents) == len({hash for hash, _ in contents}) == len({content for _, content in contents})


def test_worlds_of_accidents(world, tmp_path):
    models = Models(tmp_path / "cache")
    for seed in range(1, 6):
        fill(world, seed)
        made = works(models, world, tmp_path, max_relation_degrees=5)
        check(made, works_index(read(world), max_degrees=5))


def test_the_job_makes_the_same(world):
    fill(world, 0)
    made = world.works(world.transform(max_relation_degrees=5))
    check(made, works_index(read(world), max_degrees=5))
