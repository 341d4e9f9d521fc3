from tortoise import migrations
from tortoise.migrations import operations as ops

from service.models.migration_steps.collation import use_binary_collation
from service.models.migration_steps.refolding import fold_products_again


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_accounts")]
    # MySQL commits each ALTER by itself, and the products are folded batch by batch.
    atomic = False

    operations = [
        ops.RunPython(use_binary_collation, atomic=False),
        ops.RunPython(fold_products_again, atomic=False),
    ]
