"""MySQL's binary JSON, and its partial updates."""
