import { digits, grouped, table } from "../table.ts";
import {
  comparisons,
  firstListener,
  groupsHere,
  heartbeats,
  newcomer,
  question,
  quietReads,
  subscriptions,
} from "./arithmetic.ts";
import type { Constants, Line } from "./constants.ts";
import { site, tick, usual } from "./herd.ts";
import { plot, type PlotLine } from "./plot.ts";
import type { Outcome } from "./scenarios.ts";

/** What was simulated, of which only this is kept. */
export interface Herds {
  readonly oneDies: readonly Outcome[];
  readonly tenDie: readonly Outcome[];
}

/** The marked regions of docs/topics/to-a-million.md. */
export function regions(constants: Constants, herds: Herds): Readonly<Record<string, string>> {
  return {
    machine: machine(constants),
    process: processTable(constants),
    broker: brokerTable(constants),
    growth: growthTable(constants),
    site: siteTable(constants),
    processes: processesTable(),
    "one-dies": herdTable(herds.oneDies),
    "ten-die": herdTable(herds.tenDie),
    "all-come-back": allTable(constants),
  };
}

/** The plots beside it, by file name. */
export function plots(constants: Constants, herds: Herds): ReadonlyMap<string, string> {
  return new Map([
    ["growth-redis.svg", growthPlot(constants, "redis")],
    ["growth-nats.svg", growthPlot(constants, "nats")],
    ["talk.svg", talkPlot()],
    ["herd.svg", herdPlot(herds.oneDies)],
    ["ten-die.svg", tenDiePlot(herds.tenDie)],
  ]);
}

function machine({ date, machine: { cpu, cores, system, node }, brokers }: Constants): string {
  return `${date}, ${cpu}, ${cores} cores, ${system}, Node.js ${node}, ${brokers.redis.title}, ${brokers.nats.title}.`;
}

function processTable({ process, brokers: { redis, nats } }: Constants): string {
  const row = (what: string, unit: string, ...values: number[]): string[] => [
    what,
    ...values.map((value) => `${digits(value)} ${unit}`),
  ];
  return table(
    ["a process", "over Redis", "over NATS"],
    [
      row("a connection, resident", "B", process.connection, process.connection),
      row("a group with one member, heap", "B", redis.group, nats.group),
      row("… with a history", "B", redis.groupWithHistory, nats.groupWithHistory),
      row("one more member, heap", "B", process.member, process.member),
      row("a handshake, without TLS", "µs", process.handshake, process.handshake),
      row("a join, the first of its group", "µs", redis.processJoin, nats.processJoin),
      row("to send a message", "µs", redis.processSend, nats.processSend),
      row("to get one, for all its members", "µs", redis.processReceive, nats.processReceive),
      row("to write it to one member", "µs", process.write, process.write),
    ],
  );
}

function brokerTable({ missed, brokers: { redis, nats } }: Constants): string {
  const line = ({ base, each }: Line): string => `${digits(base)} + ${digits(each)}·p µs`;
  const us = (value: number): string => `${digits(value)} µs`;
  const row = (what: string, of: (its: typeof redis) => string): string[] => [
    what,
    of(redis),
    of(nats),
  ];
  return table(
    ["the broker", "Redis", "NATS"],
    [
      row("a message to a group that p processes have", (its) => line(its.publish)),
      row("… with a history", (its) => line(its.append)),
      row("a subscription", (its) => us(its.subscribe)),
      row("… with a history: and where it stands", (its) => us(its.follow)),
      row(`a join that missed ${missed} messages`, (its) => us(its.recover)),
      row("… commands of it", (its) => `${its.recoverCommands}`),
      row("memory for a subscription", (its) => `${digits(its.subscription)} B`),
      row("a message in a history (NATS: on disk)", (its) => `${digits(its.message)} B`),
    ],
  );
}

function growthTable({ brokers: { redis, nats } }: Constants): string {
  const body = redis.growth.flatMap((point, index) => {
    const other = nats.growth[index];
    const kept = redis.growthWithHistory[index];
    const otherKept = nats.growthWithHistory[index];
    if (other === undefined || kept === undefined || otherKept === undefined) return [];
    const bytes = [point, kept, other, otherKept].map(({ bytesOut }) => digits(bytesOut));
    const row = [point.holders, point.members, point.commands, point.encoded, point.decoded];
    return [[...row.map(String), ...bytes]];
  });
  const head = ["processes", "members in each", "commands", "encoded", "decoded"];
  return table([...head, "Redis B", "with a history", "NATS B", "with a history"], body);
}

function siteTable(constants: Constants): string {
  const { processes, clients, groups, traffic } = site;
  const here = groupsHere(clients / processes, groups);
  const body = (["redis", "nats"] as const).map((name) => {
    const its = constants.brokers[name];
    const busy = usual(constants, { broker: name, traffic, groups });
    const heap =
      here * its.groupWithHistory + (clients / processes - here) * constants.process.member;
    return [
      its.title,
      `${digits(((clients / processes) * constants.process.connection) / 1e6)} MB`,
      `${digits(heap / 1e6)} MB`,
      `${digits(busy.process * 100)} %`,
      `${digits(busy.broker * 100)} %`,
      grouped(Math.round(subscriptions(here) * processes)),
      `${digits((subscriptions(here) * processes * its.subscription) / 1e6)} MB`,
      `${digits((groups * 100 * its.message) / 1e9)} GB`,
    ];
  });
  const head = ["", "connections", "groups", "a processor", "the broker's", "subscriptions", "of"];
  return table([...head, "100 messages each"], body);
}

function processesTable(): string {
  const counts = [2, 10, 30, 100, 300, 1_000];
  const body = counts.map((processes) => {
    const beats = heartbeats(processes);
    const here = groupsHere(site.clients / processes, site.groups);
    return [
      grouped(processes),
      digits(beats.commands),
      digits(beats.deliveries),
      digits(comparisons(processes).commands),
      grouped(question(processes).commands),
      grouped(firstListener(processes).commands),
      grouped(newcomer(processes - 1).commands),
      digits((processes * here) / site.groups),
      digits(quietReads(processes, here)),
    ];
  });
  const head = ["processes", "beats/s", "brought/s", "compared/s", "a question", "a listener"];
  return table([...head, "a newcomer", "processes of a group", "quiet reads/s"], body);
}

/** What the broker has to do for everybody at once is the least that it takes. */
function allTable({ process, brokers }: Constants): string {
  const { clients, processes, groups } = site;
  const openings = groupsHere(clients / processes, groups) * processes;
  const body = (["redis", "nats"] as const).flatMap((name) => {
    const { title, follow, recover, processJoin } = brokers[name];
    const work = (openings * follow + clients * recover) / 1e6;
    const own = ((process.handshake + processJoin) * clients) / processes / 1e6;
    const cells = [1, 4, 16].map((cores) => `${digits(work / cores)} s`);
    const subscribing = `${digits((openings * follow) / 1e6)} s`;
    return [[title, ...cells, `${digits(own)} s`, subscribing]];
  });
  const head = ["", "the broker: 1 processor", "4", "16", "each process", "the broker restarts, 1"];
  return table(head, body);
}

function herdTable(outcomes: readonly Outcome[]): string {
  const seconds = (time: number | null): string =>
    time === null || Number.isNaN(time) ? "never" : `${digits(time / 1_000)} s`;
  const body = outcomes.map(({ name, options, herd }) => [
    name
      .replace(/, \d+ s$/, "")
      .replace("redis", "Redis")
      .replace("nats", "NATS"),
    `${options.jitter / 1_000} s`,
    seconds(herd.half),
    seconds(herd.most),
    seconds(herd.all),
    digits(herd.attempts),
    grouped(herd.refused),
    grouped(herd.givenUp),
    grouped(herd.late),
    grouped(herd.commands),
    `${digits(herd.longestWait)} ms`,
  ]);
  const head = ["", "jitter", "half back", "99 %", "all", "attempts", "refused", "given up"];
  return table([...head, "late", "commands", "longest wait"], body);
}

function growthPlot({ brokers }: Constants, name: "redis" | "nats"): string {
  const { title, growth } = brokers[name];
  const counts = [...new Set(growth.map(({ holders }) => holders))].toReversed();
  const lines = counts.map((count): PlotLine => {
    const points = growth.filter(({ holders }) => holders === count);
    const { commands } = points[0] ?? { commands: Number.NaN };
    return {
      label: `${count} process${count === 1 ? "" : "es"}, ${commands} command`,
      points: points.map(({ members, bytesOut }) => ({ x: members, y: bytesOut })),
    };
  });
  return plot({
    title: `A message to a group over ${title}: members cost nothing, processes do`,
    x: "members in each process",
    y: "bytes that the broker sends for one message of 102 bytes, without a history",
    lines,
    logarithmic: "x",
  });
}

function talkPlot(): string {
  const counts = [2, 5, 10, 20, 50, 100, 200, 500, 1_000];
  const line = (label: string, of: (processes: number) => number): PlotLine => ({
    label,
    points: counts.map((x) => ({ x, y: of(x) })),
  });
  return plot({
    title: "What processes say while nothing happens",
    x: "processes",
    y: "messages per second that the broker brings",
    lines: [
      line("that they are there", (count) => heartbeats(count).deliveries),
      line("fixed names compared", (count) => comparisons(count).deliveries),
      line("100 groups listened to", (count) => comparisons(count, 100).deliveries),
    ],
    logarithmic: "both",
  });
}

function herdPlot(outcomes: readonly Outcome[]): string {
  const lines = outcomes
    .filter(({ options }) => options.broker === "redis" || options.jitter === 0)
    .map(({ options, herd: { back } }): PlotLine => {
      const { broker, jitter, clients } = options;
      const shown = back.slice(0, 321);
      return {
        label:
          broker === "nats"
            ? "NATS, at once"
            : `Redis, ${jitter === 0 ? "at once" : `within ${jitter / 1_000} s`}`,
        points: [0, ...shown].map((count, index) => ({
          x: (index * tick) / 1_000,
          y: (count * 100) / clients,
        })),
        isDashed: broker === "nats",
      };
    });
  return plot({
    title: "A process dies, and its 10 000 clients come back to 99 others",
    x: "seconds",
    y: "% of them that are back, members again and recovered",
    lines,
  });
}

function tenDiePlot(outcomes: readonly Outcome[]): string {
  const names = [...new Set(outcomes.map(({ name }) => name))];
  return plot({
    title: "Ten processes die: how long until all 100 000 clients are back",
    x: "seconds over which the clients spread their first attempt",
    y: "seconds until the last one is back",
    lines: names.map((name) => ({
      label: name
        .replaceAll("`", "")
        .replace("NATS, the same, pendingHandshakes: 20", "NATS, 20 handshakes each"),
      points: outcomes
        .filter((outcome) => outcome.name === name)
        .map(({ options, herd }) => ({ x: options.jitter / 1_000, y: herd.all / 1_000 })),
    })),
  });
}
