"""The other parties' servers."""
