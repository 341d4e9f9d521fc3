"""Proving who a user is: passwords, log-in and its limits, bearer tokens."""
