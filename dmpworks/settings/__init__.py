"""Settings: declared once as fields of a class; options, variables, help and checks are derived from them."""
