"""`python -m service`: hands over to the command line."""

from service.cli.program import cli

if __name__ == "__main__":
    cli()
