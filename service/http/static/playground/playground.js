"use strict";

// The samples open as tabs on the first visit; after that the browser remembers the visitor's own.
const samples = JSON.parse(document.getElementById("samples").textContent);

const isPhone = matchMedia("(max-width: 720px), (max-height: 480px)").matches;

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

// GraphiQL's check of variables takes a default that is false, 0 or "" for none, and marks the
// object as incomplete; in a box these are true, and print the same. At a name that an enum does
// not have it breaks off; from undefined it makes a mark.
const { isEnumType, isInputObjectType } = GraphiQL.GraphQL;
const mendForLint = (schema) => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isEnumType(type)) type.parseValue = (name) => type.getValue(name)?.value;
    if (!isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const value = field.defaultValue;
      if ([false, 0, ""].includes(value)) field.defaultValue = Object(value);
    }
  }
};

// Tab indents in the editors; after Escape it leaves them, or else the keyboard never could.
const TAB_LEAVES = { Tab: false, "Shift-Tab": false };
const prepare = (editor, name) => {
  editor.setOption("screenReaderLabel", `${name}; press Escape, then Tab, to leave`);
  editor.setOption("lineWrapping", true); // A Persian line begins where a long one is cut off.
  editor.addKeyMap({ Esc: () => editor.addKeyMap(TAB_LEAVES) });
  editor.on("renderLine", readInOwnDirection);
  editor.on("focus", () => editor.removeKeyMap(TAB_LEAVES));
  editor.refresh();
};

const EDITORS = {
  queryEditor: "Query",
  variableEditor: "Variables",
  headerEditor: "Headers",
  responseEditor: "Result",
};

// The logo stands inside GraphiQL, and so has what else needs its context.
function Logo() {
  const { activeTabIndex, ...context } = GraphiQL.React.useEditorContext({ nonNull: true });
  for (const [key, name] of Object.entries(EDITORS)) {
    const editor = context[key];
    React.useEffect(() => {
      if (editor) prepare(editor, name);
    }, [editor]);
  }
  React.useEffect(() => {
    const tab = document.querySelector(".graphiql-tab-active");
    tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [activeTabIndex]);
  return React.createElement("h1", { className: "kooch-logo" }, "Kooch shop");
}

const playground = React.createElement(
  GraphiQL,
  {
    fetcher: GraphiQL.createFetcher({ url: window.location.pathname }),
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    storage,
    defaultTabs: samples.map((query) => ({ query })),
    defaultEditorToolsVisibility: !isPhone,
    isHeadersEditorEnabled: true,
    inputValueDeprecation: true,
    onSchemaChange: mendForLint,
  },
  React.createElement(GraphiQL.Logo, null, React.createElement(Logo)),
);

ReactDOM.createRoot(document.getElementById("playground")).render(playground);
