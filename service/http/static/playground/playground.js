"use strict";

// The samples open as tabs on the first visit; after that the browser remembers the visitor's own.
const samples = JSON.parse(document.getElementById("samples").textContent);

const playground = React.createElement(
  GraphiQL,
  {
    fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
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
