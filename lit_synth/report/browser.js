// Searches the rows that the page holds, and keeps a reader's marks on them until they are downloaded.
// What a row says goes into the page as text alone.

const STEP = 20; // rows that are shown at once

const field = (name, control) => element("label", {}, name, control);

const choice = (options, label = "all") => {
  const select = element("select", {}, new Option(label, ""));
  for (const [value, shown] of options) select.append(new Option(shown, value));
  return select;
};

const several = values => [...new Set(values.filter(value => value !== undefined))].sort();

const same = values => values.map(value => [value, value]);

const reasonOf = row => row.r?.split(":")[0].trim();

// Marks by row. One that a run has applied counts until it is set anew here, or taken back.
const marksOf = (key, rows) => {
  const applied = new Map(rows.filter(row => row.m).map(row => [row.i, [row.m, row.m === "correct" ? row.t : null]]));
  let own = new Map();
  let kept = true;
  const read = () => {
    try {
      own = new Map(JSON.parse(localStorage.getItem(key) ?? "[]"));
    } catch {
      kept = false;
    }
  };
  read();
  const of = row => (own.has(row.i) ? own.get(row.i) : applied.get(row.i)) ?? null;
  const set = (row, mark) => {
    read(); // another tab may have marked rows of the same run
    own.set(row.i, mark);
    try {
      localStorage.setItem(key, JSON.stringify([...own]));
    } catch {
      kept = false;
    }
  };
  const all = () => rows.map(row => [row, of(row)]).filter(([, mark]) => mark);
  return { of, set, all, read, isKept: () => kept };
};

const asReview = marks =>
  marks.map(([row, [mark, target]]) => `${JSON.stringify({ id: row.i, mark, target })}\n`).join("");

const download = (name, text) => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

const texts = (fields, className = "text") =>
  fields.map(([name, value]) =>
    element("p", { className }, ...(name ? [element("i", { textContent: name }), " "] : []), value));

const shownRow = (row, gold, labels) => {
  const isText = labels.length === 0;
  const facts = element("p", { className: "facts" });
  const fact = (text, className = "") => facts.append(element("span", { className, textContent: text }));
  const own = element("div", { className: "own" }, ...texts(row.x));
  if (isText) own.append(element("p", { className: "text target", textContent: row.t ?? "no text" }));
  else fact(row.t ?? "no label", "label");
  if (row.c !== undefined) fact(`${isText ? "confidence" : "probability"} ${row.c.toFixed(2)}`);
  fact(row.s, `dot ${row.s}`);
  fact(`seed ${row.n}`);
  if (row.q) fact(`asked for ${row.q}`);
  if (row.w) fact(isText ? "corrected in review" : `was ${row.w} before review`);
  if (row.r) own.append(element("p", { className: "reason", textContent: row.r }));
  own.append(facts);
  const beside = element("div", { className: "beside" });
  if (row.g) {
    const [place, alike] = row.g;
    const near = gold[place];
    beside.append(...texts(near.x));
    if (isText) beside.append(element("p", { className: "text target", textContent: near.t }));
    const told = element("p", { className: "facts" }, element("span", { textContent: `gold, ${Math.round(100 * alike)} % alike` }));
    if (!isText) told.prepend(element("span", { className: near.t === row.t ? "label" : "label unlike", textContent: near.t }));
    beside.append(told);
  } else beside.append(element("p", { className: "facts", textContent: gold.length ? "no gold row shares a word" : "" }));
  return element("div", { className: "pair" }, own, beside);
};

// Keep, drop, and another label or text; pressed again, a mark is taken back.
const marking = (row, labels, marks, changed) => {
  const mark = marks.of(row);
  const set = next => {
    const [kind, target] = marks.of(row) ?? [];
    marks.set(row, next && kind === next[0] && target === next[1] ? null : next);
    changed();
  };
  const button = (name, kind) => {
    const made = element("button", { type: "button", textContent: name });
    made.setAttribute("aria-pressed", String(mark?.[0] === kind));
    made.addEventListener("click", () => set([kind, null]));
    return made;
  };
  const corrected = mark?.[0] === "correct" ? mark[1] : "";
  let other;
  if (labels.length) {
    other = choice(same(labels.filter(label => label !== row.t || label === corrected)), "–");
    other.value = corrected;
    other.addEventListener("change", () => set(other.value ? ["correct", other.value] : null));
  } else {
    other = element("textarea", { rows: 1, value: corrected, placeholder: row.t ?? "" });
    other.addEventListener("change", () => set(other.value.trim() ? ["correct", other.value] : null));
  }
  const group = element(
    "div",
    { className: "marking" },
    button("Keep", "keep"),
    button("Drop", "drop"),
    field(labels.length ? "right label" : "right text", other),
  );
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `Mark of ${row.i}`);
  return group;
};

const ORDERS = {
  "": undefined,
  unsure: (first, second) => (first.c ?? 2) - (second.c ?? 2),
  far: (first, second) => (first.g?.[1] ?? 0) - (second.g?.[1] ?? 0),
  near: (first, second) => (second.g?.[1] ?? 0) - (first.g?.[1] ?? 0),
};

const filtersOf = ({ rows, labels, gold }) => {
  const isText = labels.length === 0;
  const number = () => element("input", { type: "number", min: 0, max: 1, step: 0.01, inputMode: "decimal" });
  const found = {
    words: element("input", { type: "search", autocomplete: "off" }),
    label: choice(same(labels)),
    least: number(),
    most: number(),
    origin: choice(same(several(rows.map(row => row.o)))),
    outcome: choice([["accepted", "accepted"], ["rejected", "rejected"],
      ...several(rows.map(reasonOf)).map(reason => [`=${reason}`, `rejected: ${reason}`])]),
    seed: choice(same(several(rows.map(row => row.n)))),
    mark: choice([["any", "any"], ["none", "none"], ["keep", "keep"], ["drop", "drop"], ["correct", "corrected"]]),
    order: choice([["unsure", "least sure first"],
      ...(gold.length ? [["far", "least like gold first"], ["near", "most like gold first"]] : [])], "as written"),
  };
  const controls = [
    field("find", found.words),
    ...(isText ? [] : [field("label", found.label)]),
    ...(rows.some(row => row.c !== undefined) ? [field("confidence from", found.least), field("to", found.most)] : []),
    ...[["origin", found.origin], ["outcome", found.outcome], ["seed", found.seed]]
      .filter(([, select]) => select.length > 2).map(([name, select]) => field(name, select)),
    field("mark", found.mark),
    field("order", found.order),
  ];
  return { found, controls };
};

const passes = ({ words, label, least, most, origin, outcome, seed, mark }, marks) => {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const [low, high] = [least, most].map(input => (input.value === "" ? null : Number(input.value)));
  return row => {
    if (label.value && row.t !== label.value) return false;
    if (low !== null && !(row.c >= low)) return false;
    if (high !== null && !(row.c <= high)) return false;
    if (origin.value && row.o !== origin.value) return false;
    if (seed.value && row.n !== seed.value) return false;
    if (outcome.value === "accepted" ? row.r : outcome.value === "rejected" ? !row.r
      : outcome.value && `=${reasonOf(row)}` !== outcome.value) return false;
    const kind = marks.of(row)?.[0];
    if (mark.value && (mark.value === "none" ? kind : mark.value === "any" ? !kind : kind !== mark.value)) return false;
    row.all ??= [...row.x.map(([, value]) => value), row.t, row.r, row.i].join("\n").toLowerCase();
    return wanted.every(word => row.all.includes(word));
  };
};

const browse = (box, data) => {
  const { rows, gold, labels, command } = data;
  const marks = marksOf(`lit_synth review ${data.key}`, rows);
  const { found, controls } = filtersOf(data);
  const told = element("output", { className: "told" });
  told.setAttribute("aria-live", "polite");
  const list = element("ol", { className: "samples browsed" });
  const [before, next] = ["Previous", "Next"].map(name => element("button", { type: "button", textContent: name }));
  const pages = element("nav", { className: "pages" }, before, next);
  pages.setAttribute("aria-label", "Rows");
  const summary = element("output", { className: "summary" });
  summary.setAttribute("aria-live", "polite");
  const save = element("button", { type: "button", textContent: "Download review" });
  const after = element("p", { className: "note", hidden: true }, "Then apply it: ", element("code", { textContent: command }));
  const number = value => value.toLocaleString("en");
  let start = 0;
  let shown = rows;

  const draw = () => {
    const some = shown.slice(start, start + STEP);
    list.start = start + 1;
    list.replaceChildren(...some.map(row => {
      const item = element("li", {}, shownRow(row, gold, labels));
      const remark = () => {
        const names = [...item.querySelectorAll(".marking button, .marking select, .marking textarea")];
        const place = names.indexOf(document.activeElement);
        item.querySelector(".marking")?.remove();
        item.firstChild.append(marking(row, labels, marks, () => { remark(); tally(); }));
        item.className = marks.of(row)?.[0] ?? "";
        if (place >= 0) item.querySelectorAll(".marking button, .marking select, .marking textarea")[place].focus();
      };
      remark();
      return item;
    }));
    const range = shown.length > STEP ? `; ${number(start + 1)} to ${number(start + some.length)} are shown` : "";
    told.textContent = `${number(shown.length)} of ${number(rows.length)} rows${range}`;
    before.disabled = start === 0;
    next.disabled = start + STEP >= shown.length;
    pages.hidden = shown.length <= STEP;
  };
  const tally = () => {
    const all = marks.all();
    const count = kind => all.filter(([, [mark]]) => mark === kind).length;
    const lost = marks.isKept() ? "" : " This browser keeps no marks: download them before the page is closed.";
    summary.textContent = all.length
      ? `${number(all.length)} marked: ${count("keep")} keep, ${count("drop")} drop, ${count("correct")} corrected.${lost}`
      : `No row is marked.${lost}`;
    save.disabled = all.length === 0 && !rows.some(row => row.m);
  };
  const search = () => {
    const order = ORDERS[found.order.value];
    shown = rows.filter(passes(found, marks));
    if (order) shown.sort(order);
    start = 0;
    draw();
  };
  const turn = by => {
    start += by;
    draw();
    box.scrollIntoView();
    if (document.activeElement.disabled || document.activeElement === document.body) (by > 0 ? before : next).focus();
  };
  for (const control of Object.values(found)) control.addEventListener(control.type === "select-one" ? "change" : "input", search);
  before.addEventListener("click", () => turn(-STEP));
  next.addEventListener("click", () => turn(STEP));
  save.addEventListener("click", () => { download("review.jsonl", asReview(marks.all())); after.hidden = false; });
  addEventListener("storage", () => { marks.read(); draw(); tally(); });
  const bar = element("div", { className: "review" }, summary, save, after);
  box.replaceChildren(element("div", { className: "filter" }, ...controls, told), bar, list, pages);
  search();
  tally();
};

const held = document.getElementById("rows");
if (held) browse(document.getElementById("browser"), JSON.parse(held.textContent));
