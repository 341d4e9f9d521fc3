"""The shop's benchmarked requests on FastAPI, Strawberry and SQLAlchemy, each with its defaults."""
