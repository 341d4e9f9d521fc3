"""The jobs of the shop on the event loop: when they run, which process runs them, how they end."""
