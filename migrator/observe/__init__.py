"""What a migration looks like from outside: reports, progress, the terminal."""
