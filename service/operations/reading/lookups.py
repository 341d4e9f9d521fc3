"""Looking rows up by text: a value that no row can have matches nothing.

Without this, Tortoise and the databases raise an error for such a value, which would be
treated as a defect and logged.
"""

from tortoise.fields import CharField
from tortoise.models import Model

from service.text.forms import is_storable


def possible(model: type[Model], column: str, *values: str) -> list[str]:
    """The values that the text column can hold, for a filter `column__in`."""
    field = model._meta.fields_map[column]
    assert isinstance(field, CharField), f"{column} holds no short text"
    return [value for value in values if len(value) <= field.max_length and is_storable(value)]
