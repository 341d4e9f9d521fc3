"""Proof that the migrator loses, doubles and reorders nothing: its road, broken on purpose.

The programs under test are `python -m migrator capture` and `python -m migrator apply`,
seen from outside only. What is here shares no code with them:

    schema, values    the tables of the workload, and what is written into them
    operations        what one transaction does
    workload          seeded threads that write until they are told to stop
    expected, compare what each collection must hold, by a client's eyes; and what it holds
    landed            how far MongoDB says that the migration has come
    reader            a reader of MongoDB who must never see half of a transaction
    program           a process that is frozen, killed and started again
    queues            messages that are taken away, swapped or purged
    harness           all of it together, for one test
    soak              a thousand kills: `make soak`

docs/proof.md says which test stands for which fault.
"""
