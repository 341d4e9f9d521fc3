"""What each declared type becomes in a document, by docs/types.md and by nothing else."""
