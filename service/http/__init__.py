"""The outside: GraphQL over HTTP, the REST shim, the playground, health and metrics."""
