"""The source as any client sees it: its catalogue, and its rows as text."""
