"""The binlog becomes batches: events, transactions, the order of things between them."""
