"""Decodes rows of the binlog and of a SELECT into documents."""
