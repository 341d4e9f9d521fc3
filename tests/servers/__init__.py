"""Private database servers for development and tests: `python -m tests.servers up`.

From Python, under the lock that keeps two commands apart:

    with exclusive():
        url = MySQL().start()

To add a server: a file with a class that satisfies `server.Server`, and its line
in `__main__.SERVERS`.
"""
