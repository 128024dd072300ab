"""Every chain, in reading order: the only registry."""

from dmpworks.chains.crossref_metadata.jobs import CHAIN as CROSSREF_METADATA
from dmpworks.chains.data_citation_corpus.jobs import CHAIN as DATA_CITATION_CORPUS
from dmpworks.chains.datacite.jobs import CHAIN as DATACITE
from dmpworks.chains.openalex_works.jobs import CHAIN as OPENALEX_WORKS
from dmpworks.chains.process_dmps.jobs import CHAIN as PROCESS_DMPS
from dmpworks.chains.process_works.jobs import CHAIN as PROCESS_WORKS
from dmpworks.chains.ror.jobs import CHAIN as ROR
from dmpworks.jobs.model import Chain

__all__ = ["CHAINS", "PROCESS_DMPS", "chain_named"]

CHAINS = (
    ROR,
    OPENALEX_WORKS,
    CROSSREF_METADATA,
    DATACITE,
    DATA_CITATION_CORPUS,
    PROCESS_WORKS,
    PROCESS_DMPS,
)


def chain_named(name: str) -> Chain:
    """Return the chain of this name; raises KeyError."""
    return {chain.name: chain for chain in CHAINS}[name]
