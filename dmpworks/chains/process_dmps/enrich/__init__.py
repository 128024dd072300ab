"""What the funders know: the DOIs that they themselves list for a plan's awards.

One module a funder (`nsf.py`, `nih.py`); `titles.py` finds a DOI by title, `pubmed.py` by PubMed id. `collect.py`
asks for every award once and adds the answers to the plans.
"""
