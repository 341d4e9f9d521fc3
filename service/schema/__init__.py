"""The GraphQL schema: parse the input, call one operation, shape the answer."""
