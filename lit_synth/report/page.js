// Sorts tables by their headers. The page is whole without it.
"use strict";

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// A cell's number, else its words; empty cells stay at the end whichever way a table is sorted.
const valueOf = (row, column) => {
  const cell = row.cells[column];
  const number = cell.dataset.value;
  return number === undefined ? cell.textContent.trim() : Number(number);
};

const compare = (first, second) =>
  typeof first === "number" && typeof second === "number"
    ? first - second
    : String(first).localeCompare(String(second), undefined, { numeric: true });

// The rows of each group, without the one that names it: a group keeps its place, and its rows stay in it.
const groupsOf = table =>
  [...table.tBodies].map(body => ({ body, rows: [...body.rows].filter(row => !row.querySelector(".group")) }));

const sort = (table, header) => {
  const column = header.cellIndex;
  const groups = groupsOf(table).map(({ body, rows }) => ({ body, rows: rows.map(row => [valueOf(row, column), row]) }));
  const numbers = groups.some(({ rows }) => rows.some(([value]) => typeof value === "number"));
  const before = header.getAttribute("aria-sort");
  const down = before ? before === "ascending" : numbers; // the largest number first, words from A
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  for (const { body, rows } of groups) {
    const known = rows.filter(([value]) => value !== "");
    const empty = rows.filter(([value]) => value === "");
    known.sort(([first], [second]) => (down ? compare(second, first) : compare(first, second)));
    body.append(...[...known, ...empty].map(([, row]) => row));
  }
};

for (const table of document.querySelectorAll("table.sorts")) {
  if (groupsOf(table).every(({ rows }) => rows.length < 2)) continue;
  for (const header of table.tHead.rows[0].cells) {
    const button = element("button", { type: "button" }, ...header.childNodes);
    button.addEventListener("click", () => sort(table, header));
    header.append(button);
  }
}

