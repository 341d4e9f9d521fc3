"""Listening, and what each connection may cost."""
