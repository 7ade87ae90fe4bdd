"use strict";
// The text of records reaches the page only as text nodes and attribute values: nothing here parses HTML.

function element(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawing(tag, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
  return node;
}

function count(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : "–";
}

function percent(share) {
  return typeof share === "number" ? `${(100 * share).toFixed(1)}%` : "–";
}

function words(name) {
  return name.replaceAll("_", " ");
}

// Columns are [title, "number"] or [title]; cells are text or nodes. The first cell of a row names it.
function table(caption, columns, rows) {
  const head = columns.map(([title, kind]) => element("th", { scope: "col", class: kind || "" }, title));
  const body = rows.map((row) =>
    element("tr", {}, row.map((cell, place) =>
      place === 0 ? element("th", { scope: "row" }, cell) : element("td", { class: columns[place][1] || "" }, cell))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, head)),
      element("tbody", {}, body)));
}

function bar(share, kind) {
  const drawn = element("span", { class: `bar ${kind}`, "aria-hidden": "true" });
  drawn.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return drawn;
}

function more(title, ...children) {
  return element("details", {}, element("summary", {}, title), ...children);
}

// The children of a <details> are made when it is first opened.
function later(title, make) {
  const details = more(title);
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(...[make()].flat());
  });
  return details;
}
