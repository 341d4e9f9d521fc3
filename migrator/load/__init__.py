"""The half that loads: batches become documents, each exactly once; `apply.py` is read first."""
