// Asks a question through Apollo Client and urql, twice each, and prints what they kept of the
// answer, how often they asked the service, and what urql could find no key for.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

const [url, query, headers] = process.argv.slice(2);
const requests = { apollo: 0, urql: 0 };
const counted =
  (client) =>
  (address, options) => {
    requests[client] += 1;
    return fetch(address, { ...options, headers: { ...options.headers, ...JSON.parse(headers) } });
  };

const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: url, fetch: counted("apollo") }),
});
const complaints = [];
const urql = new Client({
  url,
  fetch: counted("urql"),
  preferGetMethod: false,
  exchanges: [
    cacheExchange({
      keys: { Money: () => null },
      logger: (_, message) => message.startsWith("Invalid key") && complaints.push(message),
    }),
    fetchExchange,
  ],
});

for (let i = 0; i < 2; i++) {
  await apollo.query({ query: gql(query) });
  const { error } = await urql.query(query, {}).toPromise();
  if (error) throw error;
}
console.log(JSON.stringify({ kept: apollo.cache.extract(), requests, complaints }));
