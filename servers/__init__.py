"""Private databases and a broker for development and tests: `python -m servers up`.

From Python, under the lock that only one command at a time can hold:

    with exclusive():
        url = MySQL().start()

A test that kills or freezes a server starts a separate instance; `private.PrivateServer`
shows how.

To add a server, write a subclass of `private.PrivateServer` in a file of its own, and list it
in `__main__.SERVERS`.
"""
