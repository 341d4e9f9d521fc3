"""How a GraphQL document of any schema is run: parsed, measured, validated, compiled, executed."""
