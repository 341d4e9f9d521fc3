"""The key that encrypts row ids, so that clients cannot count rows by them."""

from tortoise import fields
from tortoise.models import Model


class IdKey(Model):
    """One row, made with the table. With another key, all ids that clients hold are void."""

    name = fields.CharField(max_length=64, primary_key=True)
    hex_key = fields.CharField(max_length=64)

    class Meta:
        table = "id_keys"
