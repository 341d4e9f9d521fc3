"""The jobs of the shop: aiocron fires, the ledger decides, operations do the work."""
