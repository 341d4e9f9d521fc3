"""Operations compiled into plans, which run several times faster than graphql-core."""
