"""What foreign keys did to rows and the log does not show: carried out on documents."""
