"""What the chains of the five datasets share: sources, lines, columns, quarantine, subsets and the transform itself."""
