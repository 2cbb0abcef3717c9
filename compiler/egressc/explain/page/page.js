
"use strict";
// Search, sorting and the picture. All that they show is in the page already: nothing is fetched, and what comes from
// the list becomes text, never markup.
(() => {
  const order = new Intl.Collator("en", { numeric: true });
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

  // ---- the picture: three columns of boxes, and lines between them

  const ROWS = 40; // more than this nobody reads: hosts are drawn together
  const [WIDTH, PITCH, HEIGHT, TOP] = [1120, 46, 38, 30];
  const COLUMNS = { client: [0, 270], gateway: [415, 290], upstream: [850, 270] };

  // how hosts are drawn together, the finest first
  const LEVELS = [
    { says: "", key: (row) => row.host, who: (row) => row.clients },
    { says: "Hosts with the same clients and the same kind of gateway are one box.",
      key: (row) => JSON.stringify([place(row), namespaces(row)]), who: namespaces },
    { says: "Hosts with the same kind of gateway are one box.", key: place, who: namespaces },
  ];

  function place(row) {
    return JSON.stringify(row.gateway === null ? [] : [row.namespace, row.shared ? row.gateway : null]);
  }

  function namespaces(row) {
    return [...new Set(row.clients.map((who) => who.split("/")[0]))].sort(order.compare);
  }

  function draw(found) {
    const level = LEVELS.find((one) => group(found, one.key).size <= ROWS) ?? LEVELS.at(-1);
    const all = [...group(found, level.key).values()].sort((a, b) => b.length - a.length);
    const groups = all.slice(0, ROWS);
    const left = all.slice(ROWS).flat().length;
    document.getElementById("grouped").textContent = [
      level.says && found.length ? `${level.says} Search or choose a client to see single hosts.` : "",
      left ? `${count(left, "host")} in smaller groups are left out.` : "",
    ].join(" ");
    const through = (hosts) => {
      const [{ shared, namespace, gateway }] = hosts;
      return hosts.length > 1 && !shared ? level.key(hosts[0]) : JSON.stringify([namespace, gateway]);
    };
    const first = new Map([...group(groups, through)].map(([to, some]) => [to, some.flat().flatMap(level.who).sort()[0]]));
    groups.sort((a, b) => order.compare(first.get(through(a)), first.get(through(b)))
      || order.compare(through(a), through(b)) || order.compare(a[0].host, b[0].host));
    const upstreams = groups.map((hosts, index) => upstream(hosts, through(hosts), index));
    const gateways = [...group(upstreams, (one) => one.through).values()].map(gateway);
    const known = new Map();
    for (const { hosts, y } of upstreams) {
      for (const who of new Set(hosts.flatMap(level.who))) {
        known.set(who, [...(known.get(who) ?? []), { y, hosts }]);
      }
    }
    const clients = spread([...known].map(([who, uses]) => ({
      title: who, sub: `may call ${count(uses.flatMap((use) => use.hosts).filter((row) => level.who(row).includes(who)).length, "host")}`,
      y: uses.reduce((sum, use) => sum + use.y, 0) / uses.length,
    })), Math.max(known.size, upstreams.length));
    const edges = [];
    for (const one of clients) {
      for (const to of gateways) {
        const many = to.upstreams.flatMap((up) => up.hosts).filter((row) => level.who(row).includes(one.title)).length;
        if (many) edges.push(edge("client", one, "gateway", to, many, false));
      }
    }
    for (const from of gateways) {
      for (const up of from.upstreams) {
        edges.push(edge("gateway", from, "upstream", up, up.hosts.length, up.hosts.some((row) => row.unverified)));
      }
    }
    const boxes = [
      ...clients.map((one) => box("client", one)), ...gateways.map((one) => box("gateway", one)),
      ...upstreams.map((one) => box("upstream", one)),
    ];
    const height = TOP + PITCH * Math.max(clients.length, upstreams.length, 1);
    const heads = [["client", "Clients"], ["gateway", "Gateways"], ["upstream", "Upstreams"]]
      .map(([column, title]) => shape("text", { x: COLUMNS[column][0] + 2, y: 16, class: "head" }, title));
    const words = `${count(clients.length, "client")}, ${count(gateways.length, "gateway")} or groups of them, and `
      + `${count(found.length, "host")}. The table below says the same in words.`;
    const svg = shape("svg", {
      viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-labelledby": "picture-title", "aria-describedby": "picture-words",
    });
    svg.append(
      shape("title", { id: "picture-title" }, "Clients, gateways and upstreams"),
      shape("desc", { id: "picture-words" }, words), ...edges, ...heads, ...boxes,
    );
    document.getElementById("canvas").replaceChildren(svg);
  }

  function upstream(hosts, through, index) {
    const unverified = hosts.filter((row) => row.unverified).length;
    const reported = hosts.filter((row) => row.report).length;
    const single = hosts.length === 1;
    const marks = [
      ...(unverified ? [single ? "not verified" : `not verified: ${unverified}`] : []),
      ...(reported ? [single ? "refuses nobody yet" : `refuses nobody yet: ${reported}`] : []),
    ];
    const names = hosts.map((row) => row.host).join(", ");
    return {
      hosts, through, title: single ? hosts[0].host : count(hosts.length, "host"), whole: names, y: TOP + PITCH * (index + 0.5),
      sub: [...marks, ...(single ? [hosts[0].ways.join(" and ")] : marks.length ? [] : [names])].join("; "),
    };
  }

  function gateway(upstreams) {
    const hosts = upstreams.flatMap((one) => one.hosts);
    const [{ gateway: name, namespace, shared }] = hosts;
    const several = hosts.length > 1 && !shared;
    const title = name === null ? "no gateway" : several ? `${hosts.length} gateways` : name;
    const sub = name === null ? "the clients' own sidecars" : several ? `in ${namespace}, one for each host` : `in ${namespace}`;
    return { upstreams, title, sub, y: upstreams.reduce((sum, one) => sum + one.y, 0) / upstreams.length };
  }

  // each where its lines lead, but none over another
  function spread(boxes, most) {
    boxes.sort((a, b) => a.y - b.y || order.compare(a.title, b.title));
    boxes.reduce((free, one) => (one.y = Math.max(one.y, free)) + PITCH, TOP + PITCH / 2);
    boxes.reduceRight((free, one) => (one.y = Math.min(one.y, free)) - PITCH, TOP + PITCH * (most - 0.5));
    return boxes;
  }

  function edge(from, start, to, end, many, unverified) {
    const [x1, x2] = [COLUMNS[from][0] + COLUMNS[from][1], COLUMNS[to][0]];
    const middle = (x1 + x2) / 2;
    const d = `M${x1} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${x2} ${end.y}`;
    return shape("path", { d, "stroke-width": 1.2 + Math.min(Math.log2(many), 6) / 2, class: unverified ? "unverified" : "" });
  }

  function box(kind, { title, sub, y, whole }) {
    const [x, width] = COLUMNS[kind];
    const group = shape("g", {});
    group.append(
      shape("title", {}, `${whole ?? title}: ${sub}`),
      shape("rect", { x, y: y - HEIGHT / 2, width, height: HEIGHT, rx: 6, class: kind }),
      shape("text", { x: x + 10, y: y - 3 }, short(title, 34)),
      shape("text", { x: x + 10, y: y + 12, class: "sub" }, short(sub, 40)),
    );
    return group;
  }

  function shape(name, attributes, text) {
    const result = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
    if (text !== undefined) result.textContent = text;
    return result;
  }

  // ---- small words

  function group(items, key) {
    const result = new Map();
    for (const item of items) result.set(key(item), [...(result.get(key(item)) ?? []), item]);
    return result;
  }

  function short(text, length) {
    return text.length > length ? `${text.slice(0, length - 1)}…` : text;
  }

  function count(number, what) {
    return `${number} ${what}${number === 1 ? "" : "s"}`;
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
})();
