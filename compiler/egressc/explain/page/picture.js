
"use strict";
// The picture of clients, gateways and upstreams, drawn anew for each choice of hosts. What comes from the list becomes
// text, never markup.
const order = new Intl.Collator("en", { numeric: true });

const ROWS = 40; // more than this nobody reads: hosts are drawn together
const [WIDTH, PITCH, HEIGHT, TOP] = [1120, 46, 38, 30];
const HEADS = { client: "Clients", gateway: "Gateways", upstream: "Upstreams" };
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
  const upstreams = sorted(all.slice(0, ROWS), level).map((hosts, row) => upstream(hosts, through(hosts, level), row));
  const gateways = [...group(upstreams, (one) => one.through).values()].map(gateway);
  const clients = callers(upstreams, level);
  explain(level, all.slice(ROWS).flat().length);
  const height = TOP + PITCH * Math.max(clients.length, upstreams.length, 1);
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-labelledby": "picture-title",
    "aria-describedby": "picture-words",
  });
  const words = `${count(clients.length, "client")}, ${count(gateways.length, "gateway")} or groups of them, and `
    + `${count(found.length, "host")}. The table below says the same in words.`;
  svg.append(
    shape("title", { id: "picture-title" }, "Clients, gateways and upstreams"),
    shape("desc", { id: "picture-words" }, words),
    ...edges(clients, gateways, level),
    ...Object.entries(COLUMNS).map(([kind, [x]]) => shape("text", { x: x + 2, y: 16, class: "head" }, HEADS[kind])),
    ...clients.map((one) => box("client", one)),
    ...gateways.map((one) => box("gateway", one)),
    ...upstreams.map((one) => box("upstream", one)),
  );
  document.getElementById("canvas").replaceChildren(svg);
}

// what the caption says of hosts that are drawn together
function explain({ says }, left) {
  const parts = says ? [says, "Search or choose a client to see single hosts."] : [];
  if (left) parts.push(`${count(left, "host")} in smaller groups are left out.`);
  document.getElementById("grouped").textContent = parts.join(" ");
}

// the gateway that the lines of `hosts` meet at, or their gateways where each has its own
function through(hosts, level) {
  const [{ shared, namespace, gateway }] = hosts;
  return hosts.length > 1 && !shared ? level.key(hosts[0]) : JSON.stringify([namespace, gateway]);
}

// so that few lines cross: by the first client of a gateway, and the hosts of a gateway beside each other
function sorted(groups, level) {
  const first = new Map();
  for (const hosts of groups) {
    const to = through(hosts, level);
    first.set(to, [...hosts.flatMap(level.who), ...(first.has(to) ? [first.get(to)] : [])].sort(order.compare)[0]);
  }
  const keys = (hosts) => [first.get(through(hosts, level)) ?? "", through(hosts, level), hosts[0].host];
  return groups.sort((a, b) => keys(a).map((key, index) => order.compare(key, keys(b)[index])).find(Boolean) ?? 0);
}

// the clients, each at the height of what it may call
function callers(upstreams, level) {
  const uses = new Map();
  for (const one of upstreams) {
    for (const who of new Set(one.hosts.flatMap(level.who))) uses.set(who, [...(uses.get(who) ?? []), one]);
  }
  const boxes = [...uses].map(([who, used]) => ({
    title: who,
    sub: `client of ${count(calling(who, used, level), "host")}`,
    y: mean(used),
  }));
  return spread(boxes, Math.max(boxes.length, upstreams.length));
}

// of how many hosts `who` is a client
function calling(who, upstreams, level) {
  return upstreams.flatMap((one) => one.hosts).filter((row) => level.who(row).includes(who)).length;
}

function edges(clients, gateways, level) {
  const result = [];
  for (const to of gateways) {
    for (const one of clients) {
      const many = calling(one.title, to.upstreams, level);
      if (many) result.push(edge("client", one, "gateway", to, many, false));
    }
    for (const one of to.upstreams) {
      result.push(edge("gateway", to, "upstream", one, one.hosts.length, one.hosts.some((row) => row.unverified)));
    }
  }
  return result;
}

function upstream(hosts, through, row) {
  const unverified = hosts.filter((row) => row.unverified).length;
  const reported = hosts.filter((row) => row.report).length;
  const single = hosts.length === 1;
  const marks = [
    ...(unverified ? [single ? "not verified" : `not verified: ${unverified}`] : []),
    ...(reported ? [single ? "refuses nobody yet" : `refuses nobody yet: ${reported}`] : []),
  ];
  const names = hosts.map((row) => row.host).join(", ");
  return {
    hosts,
    through,
    title: single ? hosts[0].host : count(hosts.length, "host"),
    whole: names,
    y: TOP + PITCH * (row + 0.5),
    sub: [...marks, ...(single ? [hosts[0].ways.join(" and ")] : marks.length ? [] : [names])].join("; "),
  };
}

function gateway(upstreams) {
  const hosts = upstreams.flatMap((one) => one.hosts);
  const [{ gateway: name, namespace, shared }] = hosts;
  const several = hosts.length > 1 && !shared;
  const [title, sub] = name === null ? ["no gateway", "the clients' own sidecars"]
    : several ? [`${hosts.length} gateways`, `in ${namespace}, one for each host`] : [name, `in ${namespace}`];
  return { upstreams, title, sub, y: mean(upstreams) };
}

// each where its lines lead, but none over another
function spread(boxes, most) {
  boxes.sort((a, b) => a.y - b.y || order.compare(a.title, b.title));
  boxes.reduce((free, one) => (one.y = Math.max(one.y, free)) + PITCH, TOP + PITCH / 2);
  boxes.reduceRight((free, one) => (one.y = Math.min(one.y, free)) - PITCH, TOP + PITCH * (most - 0.5));
  return boxes;
}

function mean(boxes) {
  return boxes.reduce((sum, one) => sum + one.y, 0) / boxes.length;
}

function edge(from, start, to, end, many, unverified) {
  const [x1, x2] = [COLUMNS[from][0] + COLUMNS[from][1], COLUMNS[to][0]];
  const middle = (x1 + x2) / 2;
  const d = `M${x1} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${x2} ${end.y}`;
  const width = 1.2 + Math.min(Math.log2(many), 6) / 2;
  return shape("path", { d, "stroke-width": width, class: unverified ? "unverified" : "" });
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
