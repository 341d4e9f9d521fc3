"use strict";

// The samples open as tabs on the first visit; after that the browser remembers the visitor's own.
const samples = JSON.parse(document.getElementById("samples").textContent);

// GraphiQL's history keeps the headers of every request, whatever the visitor chose about headers:
// a bearer token must not outlive the page.
const HISTORY = ["graphiql:queries", "graphiql:favorites"];
const withoutHeaders = (value) =>
  JSON.stringify(JSON.parse(value), (name, part) => (name === "headers" ? undefined : part));

const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) =>
    localStorage.setItem(key, HISTORY.includes(key) ? withoutHeaders(value) : value),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith("graphiql:"))
      .forEach((key) => localStorage.removeItem(key)),
};

const playground = React.createElement(
  GraphiQL,
  {
    fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    storage,
    defaultTabs: samples.map((query) => ({ query })),
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: true,
    inputValueDeprecation: true,
  },
  React.createElement(
    GraphiQL.Logo,
    null,
    React.createElement("span", { className: "kooch-logo" }, "Kooch shop"),
  ),
);

ReactDOM.createRoot(document.getElementById("playground")).render(playground);
