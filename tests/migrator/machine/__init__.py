"""The differential machine: random schemas, definitions and changes, followed and killed.

At the end everything that was followed is compared, byte by byte, with a copy that is made
then; a difference is shrunk to the statements that it takes.
"""
