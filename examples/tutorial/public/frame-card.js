import { bits, grouped, hex, shown } from "./octets.js";
import { write, written } from "./words.js";

const kinds = new Set([0, 1, 2, 8, 9, 10]);

/** The word for what a frame is. */
export function kindOf({ opcode }) {
  return `wire.opcode.${kinds.has(opcode) ? opcode : "other"}`;
}

/** Makes an entry that shows a frame: what it is, and opened, each field with its bits. */
export function frameCard(parts, from) {
  const { fin, opcode, length, form } = parts;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const kind = written("strong", kindOf(parts));
  summary.append(
    tagged("from", written("span", `wire.from.${from}`)),
    " ",
    kind,
    " ",
    written("span", "wire.octets", { count: grouped(length) }),
    " ",
    tagged("form", written("span", `wire.form.${form}`)),
  );
  if (fin === 0 || opcode === 0)
    summary.append(" ", tagged("form", written("span", "wire.fragment")));
  details.append(summary, strip(parts), table(parts));
  const card = document.createElement("li");
  card.className = from;
  card.append(details);
  return card;
}

/** The octets one after the other, as they pass. */
function strip({ head, extended, key, raw }) {
  const line = document.createElement("p");
  line.className = "strip";
  for (const [name, bytes] of Object.entries({ head, extended, key, payload: raw })) {
    if (bytes.length === 0) continue;
    const code = document.createElement("code");
    code.className = name;
    code.textContent = hex(bytes.subarray(0, shown)) + (bytes.length > shown ? " …" : "");
    line.append(code);
  }
  return line;
}

function table(parts) {
  const { fin, rsv, opcode, isMasked, short, form, extended, length, key, raw, payload } = parts;
  const body = document.createElement("tbody");
  const row = (name, octets, meaning) => body.append(tableRow(name, octets, meaning));
  const count = { count: grouped(length) };
  row("FIN", bits(fin, 1), [`wire.fin.${fin}`]);
  row("RSV1–3", bits(rsv, 3), [rsv === 0 ? "wire.rsv.0" : "wire.rsv.1"]);
  row(["wire.opcode"], bits(opcode, 4), [kindOf(parts)]);
  row(["wire.mask"], isMasked ? "1" : "0", [isMasked ? "wire.mask.1" : "wire.mask.0"]);
  row(["wire.length"], bits(short, 7), [`wire.length.${form}`, count]);
  if (form > 7) row(["wire.extended"], extended, ["wire.octets", count]);
  if (isMasked) row(["wire.mask-key"], key, ["wire.mask-key.about"]);
  if (length > 0) {
    row(["wire.payload"], raw, isMasked ? ["wire.payload.raw"] : meaning(parts));
    if (isMasked) row(["wire.unmasked"], payload, meaning(parts));
  }
  const head = document.createElement("tr");
  for (const name of ["wire.field", "wire.bits", "wire.meaning"]) {
    const cell = written("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const element = document.createElement("table");
  element.createTHead().append(head);
  element.append(body);
  return element;
}

/** Octets are shown in hexadecimal. A word is given as a key in a list, with its values; everything else is shown as it is. */
function fillCell(cell, content) {
  if (content instanceof Uint8Array) cell.append(...excerpt(content));
  else if (Array.isArray(content)) write(cell, ...content);
  else cell.textContent = content;
}

function tableRow(name, octets, meaning) {
  const row = document.createElement("tr");
  const header = document.createElement("th");
  header.scope = "row";
  fillCell(header, name);
  const wire = document.createElement("td");
  const code = document.createElement("code");
  fillCell(code, octets);
  wire.append(code);
  const cell = document.createElement("td");
  cell.dir = "auto";
  fillCell(cell, meaning);
  row.append(header, wire, cell);
  return row;
}

function excerpt(bytes) {
  const count = bytes.length - shown;
  const octets = hex(bytes.subarray(0, shown));
  return count > 0
    ? [octets, " ", written("span", "wire.more", { count: grouped(count) })]
    : [octets];
}

/** What the payload says. */
function meaning({ opcode, rsv, payload }) {
  if (rsv !== 0) return ["wire.rsv.1"];
  if (opcode === 8) {
    const reason = new TextDecoder().decode(payload.subarray(2));
    return `${(payload[0] << 8) | payload[1]} ${reason}`;
  }
  const text = new TextDecoder().decode(payload.subarray(0, shown));
  return payload.length > shown ? `${text}…` : text;
}

function tagged(className, element) {
  element.className = className;
  return element;
}
