"""A shop's GraphQL service in one process. Read `service/app.py` first."""
