"""Every row beside its document, read by ordinary clients and judged by rules of its own.

It shares no code with what copies and follows: that code is what it is the proof of.
"""
