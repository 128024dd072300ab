"""The demo: all seven chains on a small bundled world, embedded engines, no account; called by `make demo`.

Sources are `demo/world/`, outputs lie in `demo/out/`; a second run works on the same outputs and merges nothing anew.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dmpworks.catalog import CHAINS
from dmpworks.chains.process_dmps.match_files import read_matches
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.jobs.run import Phase
from dmpworks.jobs.wiring import variables
from dmpworks.matching.matches import Match, PlanMatches
from dmpworks.services.storage import Bucket, open_bucket

HERE = Path(__file__).resolve().parent
WORLD, OUT = HERE / "world", HERE / "out"
RUN_ID = "2026-10-01"
PLANS_SHOWN, MATCHES_SHOWN = 3, 4
console = Console()


def main() -> None:
    """Run the chains, then show what came out."""
    started = time.monotonic()
    OUT.mkdir(exist_ok=True)
    _upload_plans()
    for place, chain in enumerate(CHAINS, 1):
        console.rule(f"[bold]{place}/{len(CHAINS)} {chain.name}")
        _dmpworks("run", chain.name)
    bucket = open_bucket(str(OUT))
    _show_counts(bucket)
    _show_matches(bucket)
    _show_merge(bucket)
    _show_scores()
    _show_places(bucket)
    console.print(f"\nDone in {time.monotonic() - started:.0f} s.")


def _upload_plans() -> None:
    """Do what a person does by hand: put the export of plans into the bucket."""
    shutil.copytree(WORLD / "dmps", OUT / "dmps" / RUN_ID / "download", dirs_exist_ok=True)


def _dmpworks(*arguments: str) -> None:
    # in a folder of its own: the settings file of a developer who works in the checkout is not for the demo
    subprocess.run([sys.executable, "-m", "dmpworks", *arguments], env=_environment(), cwd=HERE, check=True)


def _environment() -> dict[str, str]:
    """Return the environment with the demo's settings and no others: sources may be folders and `file:` URLs."""
    machine = {name: value for name, value in os.environ.items() if name not in variables(CHAINS)}
    (zipped_ror,) = (WORLD / "ror").glob("*.zip")
    (zipped_citations,) = (WORLD / "data-citation-corpus").glob("*.zip")
    run_ids = {f"{chain.prefix}_RUN_ID": RUN_ID for chain in CHAINS}
    sources = {
        "ROR_DOWNLOAD_URL": zipped_ror.as_uri(),
        "DATA_CITATION_CORPUS_DOWNLOAD_URL": zipped_citations.as_uri(),
        "OPENALEX_WORKS_SOURCE": str(WORLD / "openalex/data/jsonl/works"),
        "CROSSREF_METADATA_SOURCE": str(WORLD / "crossref"),
        "DATACITE_SOURCE": str(WORLD / "datacite"),
    }
    return machine | run_ids | sources | {"DMPS_RUN_ID": RUN_ID, "BUCKET_NAME": str(OUT), "ENV": "dev"}


def _manifests(bucket: Bucket) -> list[Manifest]:
    folders = [phase_folder(chain.name, RUN_ID, job.name) for chain in CHAINS for job in chain]
    return [found[0] for found in (read_manifest(bucket, folder) for folder in folders) if found]


def _show_counts(bucket: Bucket) -> None:
    table = Table(title="What each job did", title_justify="left")
    for column in ("job", "seconds", "read", "written", "dropped"):
        table.add_column(column, justify="left" if column in ("job", "dropped") else "right")
    chain = ""
    for each in _manifests(bucket):
        if each.chain != chain:
            chain = each.chain
            table.add_section()
            table.add_row(f"[bold]{chain}")
        seconds, counts = (each.ended - each.started).total_seconds(), each.counts
        dropped = "\n".join(f"{number:,} {reason}" for reason, number in counts.dropped.items())
        table.add_row(f"  {each.job}", f"{seconds:.1f}", f"{counts.read:,}", f"{counts.written:,}", dropped)
    console.rule("[bold]results")
    console.print(table)


def _show_matches(bucket: Bucket) -> None:
    found = read_manifest(bucket, phase_folder("process-dmps", RUN_ID, "dmp-works-search"))
    assert found, "the chain process-dmps has just completed"
    phase = Phase("", found[0].files, found[0], bucket, OUT)
    best = sorted(read_matches(phase), key=lambda plan: -max((match.score for match in plan.works), default=0.0))
    for plan in best[:PLANS_SHOWN]:
        _show_plan(plan)


def _show_plan(plan: PlanMatches) -> None:
    table = Table(title=f"Best matches of plan {plan.dmp_doi}", title_justify="left", show_lines=True)
    for column in ("score", "work", "evidence"):
        table.add_column(column)
    for match in plan.works[:MATCHES_SHOWN]:
        title = f"{match.work.title or '(no title)'}\n{match.work.doi}"
        table.add_row(f"{match.score:.1f}", escape(title), escape("\n".join(_evidence(match))))
    console.print(table)


def _evidence(match: Match) -> list[str]:
    """Return the evidence of a match, a line a kind."""
    work = match.work
    named = [
        ("author", [work.authors[item.index].full for item in match.author_matches]),
        ("award", [work.awards[item.index].award_id for item in match.award_matches]),
        ("institution", [work.institutions[item.index].name for item in match.institution_matches]),
        ("funder", [work.funders[item.index].name for item in match.funder_matches]),
        ("same work as", [work.relations.intra_work_dois[item.index] for item in match.intra_work_doi_matches]),
    ]
    lines = [f"{kind}: {', '.join(filter(None, names))}" for kind, names in named if names]
    lines += ["in the funder's own list"] if match.doi_match.found else []
    return [*lines, f"content: {match.content_match.score:.2f}"]


def _show_merge(bucket: Bucket) -> None:
    counts = _manifests(bucket)[-1].counts
    figures = ", ".join(f"{name} {number:,}" for name, number in counts.also.items())
    console.print(f"\nThe merge went through {counts.written:,} plans: {figures}.\n")


def _show_scores() -> None:
    truth = ["--truth", str(WORLD / "truth.csv"), "--known", str(WORLD / "dmps/known-outputs.json")]
    _dmpworks("evaluate", *truth)


def _show_places(bucket: Bucket) -> None:
    console.print("\nOutputs:")
    for text, path in [
        ("works index", f"process-works/{RUN_ID}/export/"),
        ("matches", f"process-dmps/{RUN_ID}/dmp-works-search/"),
        ("search engine", "local/search/"),
        ("DMP Tool database", "local/dmp-tool.sqlite"),
    ]:
        assert (OUT / path).exists(), path
        console.print(f"  {text}: {os.path.relpath(OUT / path)}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:  # the command has told why
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)
