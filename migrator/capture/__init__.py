"""The half that reads the source: binlog and tables become batches; read `session.py` first."""
