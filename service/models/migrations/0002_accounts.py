from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

from service.models.migration_steps.first_rows import insert_first_rows


class Migration(migrations.Migration):
    dependencies = [('shop', '0001_shop')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Attempt',
            fields=[
                ('who', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('count', fields.IntField(default=0)),
                ('trusted', fields.BooleanField(default=False)),
                ('blocked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'attempts', 'app': 'shop', 'pk_attr': 'who', 'table_description': 'How often somebody has tried lately, by a digest of who.'},
            bases=['Model'],
        ),
        # Tortoise's CreateModel makes no indexes.
        ops.AddIndex(
            model_name="Attempt", index=Index(fields=["last_at"], name="attempt_last")
        ),
        ops.CreateModel(
            name='IdKey',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('hex_key', fields.CharField(max_length=64)),
            ],
            options={'table': 'id_keys', 'app': 'shop', 'pk_attr': 'name', 'table_description': 'One row, made with the table. With another key, all ids that clients hold are void.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Sequence',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('highest', fields.BigIntField(default=0)),
            ],
            options={'table': 'sequences', 'app': 'shop', 'pk_attr': 'name', 'table_description': 'One row for each table that is numbered, made with the table.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Order',
            name='sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name='Order',
            index=Index(fields=['sequence', 'id'], name='order_sequence'),
        ),
        ops.AddField(
            model_name='Product',
            name='sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name='Product',
            index=Index(fields=['sequence', 'id'], name='product_sequence'),
        ),
        ops.AddField(
            model_name='Review',
            name='sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name='Review',
            index=Index(fields=['sequence', 'id'], name='review_sequence'),
        ),
        ops.AddIndex(
            model_name='Review',
            index=Index(fields=['rating', 'id'], name='review_rating'),
        ),
        ops.AddField(
            model_name='User',
            name='sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='User',
            name='token_version',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name='User',
            index=Index(fields=['sequence', 'id'], name='user_sequence'),
        ),
        ops.RunPython(insert_first_rows),
    ]
