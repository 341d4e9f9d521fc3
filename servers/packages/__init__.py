"""Where the servers' programs come from: Debian packages and a wheel, unpacked privately."""
