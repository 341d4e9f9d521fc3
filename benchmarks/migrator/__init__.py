"""The migrator's measurements: `python -m benchmarks migrator`, which command.py runs in order.

servers, source   three servers of its own, and a look at the source
data              the seeded shop, a narrow and a wide table, stretches of the binlog
readers           capture alone, beside two libraries; own_reader, decoder: the programs
snapshot          the copy, end to end; ceilings: reading alone, inserting alone
stream            backlogs, the highest rate, latency; writer, visible: the programs
recovery          a half is killed
memory            ten million small rows
stages            where the processor time goes (--profile)
halves            the migrator's processes
aims, report      what was asked for, what was found
"""
