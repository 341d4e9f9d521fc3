"""What must be known to read the figures rightly; it stands in every report."""

NOTES = (
    "Source, broker, target, both halves of the migrator and the load share the same cores, so "
    "each takes time from the others: on machines of their own the rates are higher. Read the "
    "ratios of one run, not the figures of two.",
    "Capture alone: each reader is a process of its own on core 0 and reads the same binlog files "
    "over TCP, from the same place; medians of all runs. The clock runs from before it connects "
    "until the last row is there. python-mysql-replication and asyncmy make a dict of each row, "
    "which is what their users get; the migrator makes documents in encoded batches, which "
    "nobody takes. The libraries are asked for row events only, their fastest way.",
    "Single-row transactions: half of them insert a row, half update one; an update carries two "
    "images of its row, and counts as one row.",
    "The decoder alone makes documents out of row events that are in memory, again and again "
    "for a second, after a first round in which the decoders are generated.",
    "The copy is `migrator run --until-caught-up` on the seeded shop with a narrow and a 60-column "
    "table, from the start of the process until the last table is marked as copied; the end of "
    "the command comes when all halves have stopped. Rows are counted on both sides.",
    "The ceilings are single clients: `mysql --quick` prints all rows to /dev/null; PyMongo's "
    "insert_many, unordered, 1,000 documents at a time, w=majority and j=true, inserts the copied "
    "documents once more from memory. The share is of the faster of its two ways.",
    "A backlog is written while apply, or both halves, are stopped; the time runs from the start "
    "of the processes until a marker behind the last change is visible. No row is changed twice "
    "in a backlog, so nothing is saved by coalescing.",
    "Rates are of an open loop: updates of ten rows each, at times that were fixed before. A rate "
    "is held if the source took it and the median latency of the markers of the last third is at "
    "most 100 ms, or at most twice that of the first third and below 1 s.",
    "Latency: a marker every 20 ms in a transaction of its own, visible when a polling reader with "
    "read concern majority finds it (it rests 2 ms between two looks), counted from the time for "
    "which the marker was intended, which includes the source's own commit, and from the return "
    "of COMMIT. Writer and reader are processes of their own and use one monotonic clock.",
    "Recovery: `migrator run` under a load of 500 changed rows/s; a half is killed by SIGKILL, its "
    "supervisor starts it again; from the moment it is gone until a marker is visible that was "
    "intended after that. Each kill meets a fresh supervisor, whose first delay is 0.2 s.",
    "Where the processor time goes (if the run was profiled): samples, 200 a second, of the thread "
    "that holds the interpreter's lock, so the kernel's share of reading and writing is left out; "
    "a sample counts for the innermost file of the migrator on its stack, else for the library.",
    "Memory is the resident set: its peak as the kernel keeps it, and the median in each quarter "
    "of the copy.",
)
