"""How single items of a plan and a work agree: people, organisations, funders, awards, content."""
