
// Search and sorting. All that they show is in the page already: nothing is fetched.
const rows = new Map(JSON.parse(document.getElementById("data").textContent).map((row) => [row.host, row]));
const body = document.querySelector("#hosts tbody");
const lines = [...body.rows].map((line) => {
  const row = rows.get(line.dataset.host);
  return { line, row, text: [line.textContent, ...row.clients].join(" ").toLowerCase() };
});
const [search, client, owner, only] = ["search", "client", "owner", "only"].map((id) => document.getElementById(id));
const picture = document.getElementById("picture");

// ---- what is shown

function matches({ row, text }, words) {
  return words.every((word) => text.includes(word))
    && (!client.value || row.clients.includes(client.value))
    && (!owner.value || row.owner === owner.value)
    && (!only.value || row[only.value]);
}

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (const one of lines) {
    one.line.hidden = !matches(one, words);
    if (!one.line.hidden) found.push(one.row);
  }
  document.getElementById("shown").textContent = found.length === lines.length
    ? `All ${count(lines.length, "host")}.` : `${found.length} of ${count(lines.length, "host")}.`;
  if (picture.open) draw(found);
}

// ---- the order of the table

function sortable(head, column) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = ({ line }) => line.cells[column].textContent;
    lines.sort((a, b) => (down ? -1 : 1) * order.compare(key(a), key(b)));
    body.append(...lines.map(({ line }) => line));
  });
  head.replaceChildren(button);
}

// ---- begin

document.querySelectorAll("#hosts thead th").forEach(sortable);
document.getElementById("controls").hidden = false;
picture.hidden = false;
document.getElementById("still").hidden = true;
picture.addEventListener("toggle", show);
for (const control of [search, client, owner, only]) control.addEventListener("input", show);
document.getElementById("clear").addEventListener("click", () => {
  for (const control of [search, client, owner, only]) control.value = "";
  show();
  search.focus();
});
show();
