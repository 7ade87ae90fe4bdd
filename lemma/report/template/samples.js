const AT_ONCE = 10;

function samplesSection(data) {
  const list = element("div", {}), status = element("p", { "aria-live": "polite", id: "found" });
  const button = element("button", { type: "button" }, "Show more");
  const controls = {
    type: choice("Error type", "type", data.samples.map((sample) => sample.type)),
    origin: choice("Origin", "origin", data.samples.map((sample) => sample.origin)),
    strategy: choice("Strategy", "strategy", data.samples.flatMap((s) => s.trajectories.map((t) => t.strategy))),
    search: element("input", { type: "search", id: "search", autocomplete: "off" }),
  };
  const labels = { type: "Error type", origin: "Origin", strategy: "Strategy", search: "Search in the text" };
  const form = element("form", { class: "filters", role: "search", "aria-label": "Filter the samples" },
    Object.entries(controls).map(([name, control]) =>
      element("div", {}, element("label", { for: control.id }, labels[name]), control)));
  let found = [], shown = 0;
  const showMore = () => {
    const next = found.slice(shown, shown + AT_ONCE);
    list.append(...next.map((sample) => article(sample, controls.strategy.value)));
    shown += next.length;
    button.hidden = shown >= found.length;
    status.textContent = `${count(found.length)} of ${count(data.samples.length)} samples match, ${count(shown)} shown.`;
    return next.length;
  };
  const filter = () => {
    found = data.samples.filter((sample) => fits(sample, controls));
    shown = 0;
    list.replaceChildren();
    showMore();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  button.addEventListener("click", () => {
    const before = list.children.length;
    if (showMore()) list.children[before].querySelector("h3").focus();
  });
  filter();
  const all = data.samples.length === data.erroneous ? "All erroneous solutions are shown here."
    : `The figures above cover all records. Shown here are ${count(data.samples.length)} of ${count(data.erroneous)}`
      + " erroneous solutions, in equal numbers per error type and origin where possible.";
  return [element("p", { class: "quiet" }, all), form, status, list, button];
}

function choice(label, id, values) {
  const names = [...new Set(values)].sort();
  return element("select", { id }, element("option", { value: "" }, "all"),
    names.map((name) => element("option", { value: name }, words(name))));
}

function fits(sample, controls) {
  const { type, origin, strategy, search } = controls;
  return (!type.value || sample.type === type.value) && (!origin.value || sample.origin === origin.value)
    && (!strategy.value || sample.trajectories.some((trajectory) => trajectory.strategy === strategy.value))
    && search.value.toLowerCase().split(/\s+/).every((word) => searchable(sample).includes(word));
}

function searchable(sample) {
  return sample.searchable ??= [
    sample.id, sample.question, sample.explanation, sample.answer, sample.gold, sample.model, words(sample.type),
    ...sample.reference, ...sample.steps.map(plain),
    ...sample.trajectories.flatMap((t) => t.segments.flatMap((segment) => segment.slice(1))),
  ].join("\n").toLowerCase();
}

function plain(pieces) {
  return pieces.map((piece) => piece[0]).join("");
}

function article(sample, strategy) {
  const heading = element("h3", { id: `sample-${sample.id}`, tabindex: "-1" }, words(sample.type));
  const trajectories = sample.trajectories.filter((trajectory) => !strategy || trajectory.strategy === strategy);
  return element("article", { "aria-labelledby": heading.id }, heading,
    element("p", { class: "facts" }, `${sample.id}, ${sample.origin}, made by ${sample.model}, evidence ${sample.evidence} ${percent(sample.confidence)}`),
    element("p", { class: "question" }, sample.question),
    trajectories.length ? trajectories.map((trajectory) => trajectoryView(sample, trajectory)) : wrongSolution(sample),
    element("p", {}, `Its answer is ${sample.answer || "missing"}; the right answer is ${sample.gold}.`),
    sample.explanation ? element("p", {}, `Explanation: ${sample.explanation}`) : null,
    sample.graph.length ? later("Computation graph", () => graph(sample)) : null,
    later("Reference solution and full wrong solution", () => [
      element("p", { class: "strategy" }, "reference"), segment("correction", sample.reference.map((step) => [[step]]), "right"),
      ...wrongSolution(sample)]));
}

function trajectoryView(sample, trajectory) {
  const parts = trajectory.segments.map(([kind, ...lines]) =>
    segment(kind, lines.map((line) => typeof line === "number" ? sample.steps[line] : [[line]])));
  return [element("p", { class: "strategy" }, `trajectory, strategy ${trajectory.strategy || "none"}`), ...parts];
}

function wrongSolution(sample) {
  const { steps, at } = sample;
  const parts = at === null ? [["error", steps]]
    : [["prefix", steps.slice(0, at)], ["error", steps.slice(at, at + 1)], ["continuation", steps.slice(at + 1)]];
  return [element("p", { class: "strategy" }, at === null ? "wrong solution, first wrong step not known" : "wrong solution"),
    ...parts.filter(([, lines]) => lines.length).map(([kind, lines]) => segment(kind, lines))];
}

function segment(kind, lines, name = kind) {
  return element("div", { class: `segment ${kind}` }, element("span", { class: "name" }, name),
    lines.map((pieces) => element("p", {}, pieces.map(([text, was]) =>
      was === undefined ? text : element("mark", { title: was.trim() ? `instead of ${was}` : "not in the reference" }, text,
        element("span", { class: "hidden-text" }, was.trim() ? ` (instead of ${was})` : " (added)"))))));
}
