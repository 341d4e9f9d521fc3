"""The jobs of the shop on the event loop: when they run, who runs them, and what became of it."""
