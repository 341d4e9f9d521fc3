"""Who somebody is: passwords, log-in and its limits, bearer tokens."""
