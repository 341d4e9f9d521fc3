"""Attempts to log in, counted where all replicas see them."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Attempt(Model):
    """How often somebody has tried lately, by a digest of who."""

    who = fields.CharField(max_length=64, primary_key=True)
    count = fields.IntField(default=0)
    # Whether this address has logged in to this account before.
    trusted = fields.BooleanField(default=False)
    blocked_until = fields.DatetimeField(null=True)
    last_at = fields.DatetimeField()

    class Meta:
        table = "attempts"
        indexes = (Index(fields=("last_at",), name="attempt_last"),)
