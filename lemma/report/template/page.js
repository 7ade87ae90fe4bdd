function funnel(data) {
  const verdicts = Object.entries(data.solutions);
  const solved = verdicts.reduce((sum, found) => sum + found[1], 0);
  const listed = (counts) => Object.entries(counts).map(([name, value]) => `${count(value)} ${words(name)}`).join(", ");
  const rows = [
    ["problems", data.problems, ""], ["solutions sampled from the student", solved, listed(data.solutions)],
    ["problems with an erroneous solution", data.problems_with_error, ""],
    ["erroneous solutions", data.erroneous, listed(data.origins)],
    ["corrections", Object.values(data.corrections).reduce((sum, value) => sum + value, 0), listed(data.corrections)],
    ...Object.entries(data.records).map(([kind, value]) => [`training records, ${kind}`, value, ""]),
  ].filter((row) => row[1]);
  const most = Math.max(...rows.map((row) => row[1]));
  return element("ol", { class: "funnel" }, rows.map(([name, value, detail]) => element("li", {},
    element("strong", {}, count(value)), ` ${name}`, detail ? element("span", { class: "quiet" }, ` (${detail})`) : null,
    bar(value / most, ""))));
}

function rejections(data) {
  const rows = data.rejections.map((found) => [words(found.reason), found.stage, count(found.count),
    element("div", {}, found.examples.map((example) => element("div", { class: "quiet" }, example)))]);
  const refused = Object.entries(data.refusals).sort((a, b) => b[1] - a[1]).map(([name, value]) => [words(name), count(value)]);
  return [element("h3", {}, "Rejected inputs"),
    rows.length ? table("Rejected inputs, by reason", [["reason"], ["stage"], ["count", "number"], ["examples"]], rows)
      : element("p", {}, "Nothing was rejected."),
    refused.length ? more(`Errors considered but not made: ${count(refused.length)} reasons`,
      table("Errors that could not be proved, by reason", [["reason"], ["count", "number"]], refused)) : null];
}

function shares(counts) {
  const total = Object.values(counts).reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / (total || 1)]));
}

function types(data) {
  const weights = Object.keys(data.distribution.weights || {}).length ? data.distribution.weights : data.student_types;
  const columns = [["asked", data.asked], ["made", data.made_types], ["student", weights]]
    .filter(([, counts]) => Object.keys(counts).length).map(([name, counts]) => [name, shares(counts)]);
  if (!columns.length) return null;
  const names = [...new Set(columns.flatMap(([, found]) => Object.keys(found)))].sort();
  const most = Math.max(...columns.flatMap(([, found]) => Object.values(found)));
  const titles = { asked: "requested", made: "made", student: "measured on the student" };
  const cell = (name, share) => element("div", {}, percent(share || 0), bar((share || 0) / most, name));
  return [table("Share of each error type", [["type"], ...columns.map(([name]) => [titles[name]]), ["count made", "number"]],
    names.map((type) => [words(type), ...columns.map(([name, found]) => cell(name, found[type])), count(data.made_types[type] || 0)])),
    places(data),
    table("What the first wrong step rests on", [["evidence"], ["erroneous solutions", "number"], ["step known", "number"]],
      data.evidence.map(([name, all, located]) => [words(name), count(all), count(located)])),
    data.distribution.note ? element("p", { class: "quiet" }, `Student: ${data.distribution.note}.`) : null];
}

function places(data) {
  const sums = [1, 2].map((column) => data.places.reduce((sum, row) => sum + row[column], 0));
  const origins = [["injected", 1], ["the student's", 2]].filter(([, column]) => sums[column - 1]);
  const share = (row, column) => element("div", {}, percent(row[column] / sums[column - 1]),
    bar(row[column] / sums[column - 1], column === 1 ? "made" : "student"));
  return origins.length ? table("Place of the first wrong step", [["place"], ...origins.map(([name]) => [name])],
    data.places.filter((row) => row[1] + row[2]).map((row) => [row[0], ...origins.map(([, column]) => share(row, column))])) : null;
}

function lengths(data) {
  const charts = [["Steps per wrong solution", "steps", data.steps], ["Position of the first wrong step", "step", data.error_places],
    ["Words per wrong solution", "words", data.solution_words], ["Words per trajectory", "words", data.record_words]]
    .filter(([, , bars]) => bars.length).map(([title, unit, bars]) => histogram(title, unit, bars));
  return charts.length ? element("div", { class: "charts" }, charts) : null;
}

function costs(data) {
  if (!data.stages.length) return null;
  const made = (counts) => Object.entries(counts).map(([name, value]) => `${count(value)} ${name}`).join(", ");
  const asked = data.stages.some((stage) => stage.model.calls);
  const columns = [["stage"], ["status"], ["seconds", "number"], ...(asked ? [["calls", "number"], ["tokens in", "number"],
    ["tokens out", "number"], ["tokens per kept record", "number"], ["USD", "number"]] : []), ["made"]];
  const rows = data.stages.map(({ stage, status, seconds, model, made: counts }) => [stage, status, count(seconds),
    ...(asked ? [count(model.calls), count(model.prompt_tokens), count(model.completion_tokens),
      count(model.tokens_per_accepted), count(model.cost_usd)] : []), made(counts)]);
  return table("Time, calls, tokens and cost per stage", columns, rows);
}

function phrases(data) {
  if (!data.phrases.length) return null;
  return [element("p", {}, `${count(data.reflections)} reflections use ${count(data.distinct_phrases)} different phrases.`),
    more("Most frequent phrases", table("Phrases", [["phrase"], ["strategy"], ["count", "number"], ["share", "number"]],
      data.phrases.map(([text, strategy, value]) => [text, strategy, count(value), percent(value / data.reflections)]))),
    chosenPhrases(data.chosen_phrases)];
}

function chosenPhrases({ model, trajectories, perplexity, difference }) {
  if (!perplexity) return null;
  const ways = { model: "chosen by this model's likelihood", typed: "any that fits the error type", random: "any" };
  const figure = (value) => (typeof value === "number" ? value.toPrecision(4) : "–");
  const interval = (found) => (found ? `${figure(found.low)} to ${figure(found.high)}` : "–");
  return table(`Perplexity of the whole text under ${model}, by how phrases were chosen (${count(trajectories)} trajectories)`,
    [["phrases"], ["perplexity", "number"], ["95 % interval", "number"], ["lower with the model's choice by, nats per token", "number"], ["95 % interval", "number"]],
    Object.entries(perplexity).map(([way, found]) => [ways[way] || way, figure(found.value), interval(found),
      figure(difference?.[way] && -difference[way].value), interval(difference?.[way] && { low: -difference[way].high, high: -difference[way].low })]));
}

function duplicates(data) {
  if (!data.near_duplicates) return null;
  return [element("p", {}, `${count(data.near_duplicates)} were left out of the records as near-duplicates of an earlier one.`),
    ...data.duplicates.map((pair) => more(pair.left_out[0],
      element("p", { class: "strategy" }, "left out"), ...pair.left_out.slice(1).map((step) => element("p", {}, step)),
      element("p", { class: "strategy" }, `kept, ${pair.kept[0]}`), ...pair.kept.slice(1).map((step) => element("p", {}, step))))];
}

function training(data) {
  const label = (name) => name.replace(/^eval_/, "").replace(/^loss$/, "whole text").replace(/^loss_/, "");
  const charts = data.losses.flatMap(({ folder, series }) => [["Training", false], ["Held-out", true]].map(([title, held]) => {
    const chosen = series.filter((found) => found.name.startsWith("eval_") === held);
    return chosen.length ? courses(`${title} loss, ${folder}`, chosen.map((found) => ({ ...found, label: label(found.name) }))) : null;
  })).filter(Boolean);
  return charts.length ? element("div", { class: "charts" }, charts) : null;
}

function figure(value, isPercent) {
  return typeof value !== "number" ? "–" : isPercent ? percent(value) : value.toPrecision(3);
}

function evaluation(data) {
  const columns = [["figure"], ["suite"], ["model"], ["value", "number"], ["95 % interval", "number"], ["problems", "number"]];
  const row = (found) => [found.group === "all" ? found.label : `${found.label}, ${words(found.group).replace("=", " ")}`, found.suite, found.model,
    figure(found.value, found.percent), `${figure(found.low, found.percent)} to ${figure(found.high, found.percent)}`, count(found.problems)];
  const notModels = data.evaluations.filter((found) => found.scripted).map((found) => found.name);
  const note = (...names) => {
    const scripted = names.filter((name) => notModels.includes(name));
    return scripted.length ? ` (${scripted.join(" and ")}: scripted student, not a model)` : "";
  };
  const tables = data.evaluations.map(({ name, data: source, figures }) => {
    const whole = figures.filter((found) => found.group === "all"), groups = figures.filter((found) => found.group !== "all");
    return [table((source ? `${name}, on ${source}` : name) + note(name), columns, whole.map(row)),
      groups.length ? later("By error type and number of steps", () => table(`${name}, by group${note(name)}`, columns, groups.map(row))) : null];
  });
  const compared = data.comparisons.map(({ first, second, rows }) => table(`${first} vs. ${second}, same problems${note(first, second)}`,
    [["figure"], ["suite"], [first, "number"], [second, "number"], ["difference", "number"], ["95 % interval", "number"], ["p", "number"]],
    rows.map((found) => [found.label, found.suite, figure(found.first, found.percent), figure(found.second, found.percent),
      figure(found.difference.value, found.percent),
      `${figure(found.difference.low, found.percent)} to ${figure(found.difference.high, found.percent)}`, figure(found.difference.p)])));
  return tables.length + compared.length ? [...tables.flat(), ...compared] : null;
}

function unreadable(data) {
  return Object.entries(data.unreadable).map(([file, value]) =>
    element("p", { class: "segment error" }, `${count(value)} lines of ${file} could not be read.`));
}

function build(data) {
  const main = document.getElementById("main"), sections = document.getElementById("sections");
  document.getElementById("title").textContent = data.title;
  document.getElementById("about").textContent = `Made by lemma ${data.version}. Everything is in this file; it loads nothing from elsewhere.`;
  main.append(...unreadable(data));
  const parts = [["funnel", "From problems to records", [funnel(data), ...rejections(data)]], ["types", "Error types", types(data)],
    ["lengths", "Lengths", lengths(data)], ["costs", "Stages and costs", costs(data)], ["phrases", "Reflections", phrases(data)],
    ["duplicates", "Near-duplicates", duplicates(data)], ["training", "Training", training(data)],
    ["evaluation", "Evaluation", evaluation(data)], ["samples", "Samples", data.samples.length ? samplesSection(data) : null]];
  for (const [id, title, content] of parts) {
    if (!content) continue;
    main.append(element("section", { id, "aria-labelledby": `${id}-title` }, element("h2", { id: `${id}-title` }, title), content));
    sections.append(element("li", {}, element("a", { href: `#${id}` }, title)));
  }
}

build(JSON.parse(document.getElementById("data").textContent));
