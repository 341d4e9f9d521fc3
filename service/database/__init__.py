"""The database: connecting, upgrading its schema, transactions, and what its errors mean."""

from service.database.connect import TORTOISE

__all__ = ["TORTOISE"]
