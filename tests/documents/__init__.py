"""What the documents say is true: links lead somewhere, commands run, translations keep step."""
