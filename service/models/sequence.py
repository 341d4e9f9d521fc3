"""The highest number of each list: see operations/reading/sequences.py."""

from tortoise import fields
from tortoise.models import Model


class Sequence(Model):
    """One row for each table that is numbered, made with the table."""

    name = fields.CharField(max_length=64, primary_key=True)
    highest = fields.BigIntField(default=0)

    class Meta:
        table = "sequences"
