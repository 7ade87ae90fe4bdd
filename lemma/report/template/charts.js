const CHART = { width: 420, height: 180, left: 56, bottom: 28, top: 10 };

function histogram(title, unit, bars) {
  const most = Math.max(...bars.map((found) => found[2])), total = bars.reduce((sum, found) => sum + found[2], 0);
  const wide = (CHART.width - CHART.left) / bars.length, high = CHART.height - CHART.bottom - CHART.top;
  const columns = bars.map(([, , value], place) => drawing("rect", {
    class: "column", x: CHART.left + place * wide + 1, width: Math.max(1, wide - 2),
    y: CHART.top + high * (1 - value / most), height: high * value / most,
  }));
  const every = Math.ceil(bars.length / 8);
  const labels = bars.map(([from], place) => place % every ? null : drawing("text", {
    x: CHART.left + (place + 0.5) * wide, y: CHART.height - 10, "text-anchor": "middle",
  }, count(from)));
  const ranges = bars.map(([from, to, value]) => [from === to ? count(from) : `${count(from)} to ${count(to)}`, count(value)]);
  const peak = bars.find((found) => found[2] === most);
  const summary = `${title}: ${count(total)} in total, from ${count(bars[0][0])} to ${count(bars[bars.length - 1][1])} ${unit},`
    + ` most often ${peak[0] === peak[1] ? count(peak[0]) : `${count(peak[0])} to ${count(peak[1])}`}.`;
  return element("figure", {}, element("figcaption", {}, title),
    chart(summary, most, [...columns, ...labels]),
    more("Numbers", table(title, [[unit], ["count", "number"]], ranges)));
}

function chart(summary, most, parts, least = 0, shown = count) {
  const floor = CHART.height - CHART.bottom;
  return drawing("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img", "aria-label": summary },
    drawing("line", { class: "axis", x1: CHART.left, x2: CHART.width, y1: floor, y2: floor }),
    drawing("text", { class: "quiet", x: CHART.left - 6, y: CHART.top + 10, "text-anchor": "end" }, shown(most)),
    drawing("text", { class: "quiet", x: CHART.left - 6, y: floor, "text-anchor": "end" }, shown(least)), ...parts);
}

function courses(title, series) {
  const points = series.flatMap((found) => found.points);
  const steps = points.map((point) => point[0]), values = points.map((point) => point[1]);
  const first = Math.min(...steps), last = Math.max(...steps, first + 1);
  const low = Math.min(...values), high = Math.max(...values, low + 1e-9);
  const x = (step) => CHART.left + (step - first) / (last - first) * (CHART.width - CHART.left - 4);
  const y = (value) => CHART.top + (high - value) / (high - low) * (CHART.height - CHART.bottom - CHART.top);
  const dashes = ["none", "6 3", "2 2", "8 3 2 3", "10 4"];
  const lines = series.map((found, place) => drawing("polyline", {
    class: `course course-${place % 5}`, "stroke-dasharray": dashes[place % 5],
    points: found.points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
  }));
  const ends = [first, last].map((step, place) => drawing("text", {
    class: "quiet", x: place ? CHART.width - 4 : CHART.left, y: CHART.height - 10, "text-anchor": place ? "end" : "start",
  }, `step ${count(step)}`));
  const key = series.map((found, place) => element("li", {},
    drawing("svg", { width: 28, height: 8, viewBox: "0 0 28 8", "aria-hidden": "true" }, drawing("line", {
      class: `course course-${place % 5}`, "stroke-dasharray": dashes[place % 5], x1: 0, x2: 28, y1: 4, y2: 4,
    })), found.label));
  const ranges = series.map((found) =>
    [found.label, found.points[0][1].toFixed(3), found.points[found.points.length - 1][1].toFixed(3)]);
  const summary = `${title}: ` + ranges.map(([name, from, to]) => `${name} from ${from} to ${to}`).join("; ");
  return element("figure", {}, element("figcaption", {}, title),
    chart(summary, high, [...lines, ...ends], low, (value) => value.toFixed(2)), element("ul", { class: "key" }, key),
    more("Numbers", table(title, [["loss"], ["first", "number"], ["last", "number"]], ranges)));
}
