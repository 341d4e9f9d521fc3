"""What every type is made of: ids, loaders, connections, and the context of a request."""
