const NODE = { height: 30, tall: 48, letter: 7.4, gap: 14, row: 34 };
const STATES = {
  same: "unchanged", changed: "changed here", reached: "affected by the change", "left out": "left out",
  added: "added here",
};

// The computation graph of the reference, top to bottom, with what became of each equation in the wrong solution.
function graph(sample) {
  const nodes = layered(sample);
  const rows = [];
  for (const node of nodes) (rows[node.layer] ||= []).push(node);
  const widths = rows.map((row) => row.reduce((sum, node) => sum + node.width + NODE.gap, NODE.gap));
  const width = Math.max(...widths, 240);
  let top = 8;
  rows.forEach((row, place) => {
    let left = (width - widths[place]) / 2 + NODE.gap;
    for (const node of row) {
      Object.assign(node, { x: left + node.width / 2, top });
      left += node.width + NODE.gap;
    }
    top += Math.max(...row.map((node) => node.height)) + NODE.row;
  });
  const edges = nodes.flatMap((node) => node.from.map((source) => edge(source, node)));
  const summary = "Computation graph. " + told(sample).join(" ");
  const drawn = drawing("svg", { viewBox: `0 0 ${width} ${top - NODE.row + 8}`, role: "img", "aria-label": summary, class: "graph" },
    ...edges, ...nodes.map(box));
  drawn.style.width = `${width}px`;
  const key = "Red: changed here. Yellow: affected by the change. Dashed: left out. Gray: unchanged.";
  return [element("p", { class: "quiet" }, key), element("div", { class: "scroll" }, drawn), more("Graph as text", element("ol", {}, told(sample).map((line) => element("li", {}, line))))];
}

function layered(sample) {
  const question = { lines: ["question"], state: "same", from: [], layer: 0 };
  const nodes = sample.graph.map((node) => {
    const lines = node.state === "added" ? [clipped(node.wrong)]
      : node.wrong && node.wrong !== node.right ? [node.right, `→ ${node.wrong}`] : [node.right];
    return { ...node, lines, from: [] };
  });
  nodes.forEach((node, place) => {
    node.from = (sample.graph[place].inputs || []).map((input) => nodes[input]);
    if (node.question) node.from.push(question);
  });
  const layer = (node) => node.layer ??= 1 + Math.max(0, ...node.from.map(layer));
  nodes.forEach(layer);
  const answer = {
    lines: [`answer ${clipped(sample.gold)}`, ...(sample.answer === sample.gold ? [] : [`→ ${clipped(sample.answer)}`])],
    state: sample.answer === sample.gold ? "same" : "reached", from: nodes.filter((node) => node.answer),
  };
  layer(answer);
  const all = [...(nodes.some((node) => node.question) ? [question] : []), ...nodes, answer];
  const lowest = Math.min(...all.map((node) => node.layer));
  for (const node of all) {
    node.layer -= lowest;
    node.width = Math.max(...node.lines.map((line) => line.length)) * NODE.letter + 20;
    node.height = node.lines.length > 1 ? NODE.tall : NODE.height;
  }
  return all;
}

function clipped(text) {
  return text.length > 40 ? `${text.slice(0, 38)}…` : text;
}

function edge(source, target) {
  const bottom = source.top + source.height, middle = (bottom + target.top) / 2;
  const reach = source.state !== "same" && source.state !== "left out" && target.state === "reached";
  return drawing("path", {
    class: reach ? "reach" : "", d: `M${source.x},${bottom} C${source.x},${middle} ${target.x},${middle} ${target.x},${target.top}`,
  });
}

function box(node) {
  const [first, second] = node.lines;
  return drawing("g", { class: node.state.replace(" ", "-") },
    drawing("rect", { x: node.x - node.width / 2, y: node.top, width: node.width, height: node.height, rx: 6 }),
    drawing("text", { x: node.x, y: node.top + 20, class: second ? "was" : "" }, first),
    second ? drawing("text", { x: node.x, y: node.top + 38, class: "now" }, second) : null);
}

function told(sample) {
  const lines = sample.graph.map((node) => {
    const step = `Step ${node.step + 1}`;
    if (node.state === "added") return `${step} of the wrong solution, which the reference does not have: ${node.wrong}`;
    const uses = (node.inputs || []).map((input) => sample.graph[input])
      .map((used) => used.state === "added" ? `the added step ${used.step + 1}` : `the result of ${used.right}`);
    const became = node.wrong && node.wrong !== node.right ? ` became ${node.wrong}` : "";
    return `${step}: ${node.right}${became}, ${STATES[node.state]}${uses.length ? `; uses ${uses.join(" and ")}` : ""}.`;
  });
  return [...lines, `The answer is ${sample.answer}; it should be ${sample.gold}.`];
}
