"""Private databases and a broker for development and tests: `python -m servers up`.

From Python, under the lock that keeps two commands apart:

    with exclusive():
        url = MySQL().start()

A test that kills or freezes a server starts one of its own; `private.PrivateServer`
shows how.

To add a server: a file with a subclass of `private.PrivateServer`, and its line
in `__main__.SERVERS`.
"""
