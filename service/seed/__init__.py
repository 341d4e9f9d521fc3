"""An invented shop: believable, reproducible rows for trials and for the migrator."""
