"""Plans and works as every chain, engine and file of matches has them; JSON in camelCase."""

from datetime import date, datetime

import msgspec

from dmpworks.cleaners.names import Person

OUTPUT_MANAGEMENT_PLAN = "OUTPUT_MANAGEMENT_PLAN"


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """Base of all records: immutable, camelCase in JSON."""


class Author(Person, frozen=True, gc=False):
    """A person as a plan or work names them; ORCID lower-cased, without URL."""


class Institution(Record, frozen=True):
    """An organisation that somebody belongs to; `ror` is the nine characters without URL."""

    name: str | None = None
    ror: str | None = None


class Funder(Record, frozen=True):
    """An organisation that funds a work or plan."""

    name: str | None = None
    ror: str | None = None


class Award(Record, frozen=True):
    """An award a work names; the funder is null where the source does not tie the award to one."""

    award_id: str
    funder_name: str | None = None
    funder_ror: str | None = None

    @property
    def funder(self) -> tuple[str | None, str | None]:
        """The funder's name and ROR id."""
        return self.funder_name, self.funder_ror


class Relations(Record, frozen=True):
    """DOIs that a work is related to, by kind of relation (`docs/explanation/works-index.md`)."""

    intra_work_dois: tuple[str, ...] = ()
    possible_shared_project_dois: tuple[str, ...] = ()
    dataset_citation_dois: tuple[str, ...] = ()

    @property
    def all_dois(self) -> tuple[str, ...]:
        """Return the related DOIs of every kind."""
        return (*self.intra_work_dois, *self.possible_shared_project_dois, *self.dataset_citation_dois)


class Source(Record, frozen=True):
    """Where a work's record comes from: DataCite or OpenAlex, and its page there."""

    name: str
    url: str


class Work(Record, frozen=True):
    """One row of the works index."""

    doi: str
    hash: str = ""
    title: str | None = None
    abstract_text: str | None = None
    work_type: str | None = None
    publication_date: date | None = None
    updated_date: datetime | None = None
    publication_venue: str | None = None
    authors: tuple[Author, ...] = ()
    institutions: tuple[Institution, ...] = ()
    funders: tuple[Funder, ...] = ()
    awards: tuple[Award, ...] = ()
    relations: Relations = Relations()
    source: Source | None = None

    def funders_of(self, award: Award) -> tuple[tuple[str | None, str | None], ...]:
        """Return names and ROR ids of whoever may have given an award: its own funder, else any of the work's."""
        if any(award.funder):
            return (award.funder,)
        return tuple((funder.name, funder.ror) for funder in self.funders)


class PlanAward(Record, frozen=True):
    """One funding entry of a plan; no award id where people wrote a placeholder, then it only names a funder."""

    award_id: str | None = None
    funder_name: str | None = None
    funder_ror: str | None = None

    @property
    def funder(self) -> tuple[str | None, str | None]:
        """The funder's name and ROR id."""
        return self.funder_name, self.funder_ror


class FundedDoi(Record, frozen=True):
    """A DOI that the funder itself lists for an award of the plan, and the award under which it was found."""

    doi: str
    parent_award_id: str | None = None
    award_id: str | None = None
    award_url: str | None = None


class Plan(Record, frozen=True):
    """A data management plan, with what people have already decided about its outputs."""

    doi: str
    title: str | None = None
    abstract_text: str | None = None
    project_start: date | None = None
    project_end: date | None = None
    created: datetime | None = None
    registered: datetime | None = None
    modified: datetime | None = None
    authors: tuple[Author, ...] = ()
    institutions: tuple[Institution, ...] = ()
    awards: tuple[PlanAward, ...] = ()
    accepted_dois: tuple[str, ...] = ()
    rejected_dois: tuple[str, ...] = ()
    funded_dois: tuple[FundedDoi, ...] = ()
