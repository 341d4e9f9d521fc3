"use strict";

// Each string of a line reads in its own direction, and what stands between strings keeps its
// place: a comma between two Persian ones does not change sides. CodeMirror reckons with one
// direction for a whole line, so it also learns where the letters then stand, or clicks would miss
// them: by the Unicode bidirectional algorithm (UAX #9), as far as words and numbers need it.
const LETTER_R = "[\\p{sc=Arab}\\p{sc=Hebr}\\p{sc=Syrc}\\p{sc=Thaa}\\p{sc=Nkoo}]";
const PARTS = new RegExp(
  "(?<number>\\p{Nd}+(?:[.,:/٫]\\p{Nd}+)*)" +
    `|(?<right>(?:(?=\\p{L}|\\p{M})${LETTER_R})(?:${LETTER_R}(?<=\\p{L}|\\p{M})|\\p{M})*)` +
    `|(?<left>(?:(?!${LETTER_R})\\p{L}\\p{M}*)+)` +
    "|(?<neutral>[^\\p{L}\\p{Nd}]+)",
  "gu",
);

const partsOf = (text) =>
  [...text.matchAll(PARTS)].map(({ groups, index, 0: part }) => ({
    from: index,
    to: index + part.length,
    kind: Object.keys(groups).find((kind) => groups[kind] !== undefined),
  }));

// Numbers after Latin words belong to them; neutral signs belong to what is on both their sides.
const resolve = (parts, base) => {
  let strong = base;
  for (const part of parts) {
    if (part.kind === "number" && strong === "left") part.kind = "left";
    if (part.kind === "left" || part.kind === "right") strong = part.kind;
  }
  const side = (part) => (!part ? base : part.kind === "number" ? "right" : part.kind);
  parts.forEach((part, i) => {
    if (part.kind === "neutral")
      part.kind = side(parts[i - 1]) === side(parts[i + 1]) ? side(parts[i - 1]) : base;
  });
};

const merged = (parts) => {
  const done = [];
  for (const part of parts) {
    const last = done.at(-1);
    if (last?.level === part.level) last.to = part.to;
    else done.push(part);
  }
  return done;
};

const reversed = (parts, level) => {
  const done = [];
  let run = [];
  for (const part of parts) {
    if (part.level >= level) run.unshift(part);
    else done.push(...run.splice(0), part);
  }
  return [...done, ...run];
};

// The parts of a text from left to right, each with its level: odd ones run to the left.
const visualOrder = (text, base) => {
  const parts = partsOf(text);
  resolve(parts, base);
  for (const part of parts) part.level = part.kind === "right" ? 1 : part.kind === base ? 0 : 2;
  return reversed(reversed(merged(parts), 2), 1);
};

const ANY_R = new RegExp(LETTER_R, "u");
const readsAlone = ({ type, string }) => type && type !== "invalidchar" && ANY_R.test(string);
const directionOf = (text) =>
  partsOf(text).find(({ kind }) => kind === "left" || kind === "right")?.kind ?? "left";

// A tab and a sign that cannot be seen are one character each, whatever is shown for them.
const lengthOf = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.length;
  if (node.hasAttribute("cm-text")) return 1;
  return [...node.childNodes].reduce((sum, child) => sum + lengthOf(child), 0);
};

// A token may have been cut into several elements, by a bracket that is marked for example.
const isolate = ({ start, end }, pieces) => {
  const own = pieces.filter(({ from, to }) => from >= start && to <= end && to > from);
  if (!own.length) return;
  const wrapper = document.createElement("bdi");
  own[0].node.before(wrapper);
  wrapper.append(...own.map(({ node }) => node));
};

// CodeMirror calls this for each line that it draws, and forgets the order when the text changes.
const readInOwnDirection = (editor, line, element) => {
  if (!ANY_R.test(line.text)) return;
  const tokens = editor.getLineTokens(editor.getLineNumber(line));
  let at = 0;
  const pieces = [...element.firstChild.childNodes].map((node) => ({
    node,
    from: at,
    to: (at += lengthOf(node)),
  }));
  line.order = tokens.flatMap((token) => {
    if (readsAlone(token)) isolate(token, pieces);
    const base = readsAlone(token) ? directionOf(token.string) : "left";
    return visualOrder(token.string, base).map(({ from, to, level }) => ({
      from: token.start + from,
      to: token.start + to,
      level,
    }));
  });
};
