"""Both halves under supervision, and what is shown of them."""
