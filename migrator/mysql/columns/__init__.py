"""A column, and what each kind of column declares: metadata, codecs, literals."""
