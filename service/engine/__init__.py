"""How a GraphQL document is run: parsed, measured, validated, executed. It knows no shop."""
