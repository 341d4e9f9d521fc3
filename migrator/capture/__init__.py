"""The half that reads the source: binlog and tables become batches; `session.py` is read first."""
