import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type Import, importsOf, root, sourceFiles } from "./imports.ts";

const isTest = ({ file }: Import) => file.endsWith(".test.ts");
const imports = ["ops/src", "delivery/src", "console/src", "examples"]
  .flatMap(sourceFiles)
  .flatMap(importsOf);
const production = imports.filter((line) => !isTest(line));

const inside = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
const show = (lines: Import[]) => lines.map(({ file, target }) => `${file} -> ${target}`);

/** `ops/src/rollback/parts/rows.ts` belongs to `ops/src/rollback`, `ops/src/plugin.ts` to itself. */
const capabilityOf = (path: string) => path.split("/").slice(0, 3).join("/");

/** Which capabilities of the platform each capability may import; the files beside them wire everything together. */
const allowedImports: Record<string, readonly string[]> = {
  core: [],
  settings: ["core"],
  http: ["core"],
  database: ["core"],
  monitoring: ["core", "database"],
  rollback: ["core", "http", "database"],
  backups: ["core", "settings", "database", "rollback"],
  alerts: ["core", "settings", "database", "monitoring"],
  console: ["core", "http"],
  suspects: ["alerts", "monitoring", "rollback", "deployment"],
  timeline: ["core", "database", "alerts", "monitoring", "rollback", "deployment", "suspects"],
  incidents: ["core", "alerts", "monitoring", "rollback", "suspects", "timeline"],
  deployment: ["core", "settings", "http", "database", "monitoring", "alerts", "rollback"],
  cli: ["core", "settings", "database", "rollback", "backups", "alerts", "deployment", "service.ts"],
};

/** Shared by all capabilities file by file. They have no routes and no state, so an index would hide nothing. */
const foundations = ["core", "settings", "http", "database"].map((name) => `ops/src/${name}`);

/**
 * The folders of a capability, lowest first: a file imports its own folder and those before it. "." stands for the files
 * beside the folders, except the entry (`index.ts`, `main.ts`), which may import all.
 */
const layers: Record<string, readonly string[]> = {
  database: ["embedded", "."],
  monitoring: ["requests", "system", "database", "fleet", ".", "prometheus", "routes"],
  alerts: [
    "model",
    "message",
    "rules",
    "incidents",
    "notify",
    "security",
    "channels",
    "storage",
    ".",
    "routes",
  ],
  rollback: [
    "change",
    "database",
    "parts",
    "audit",
    "behaviours",
    "engine",
    "operations",
    "approvals",
    "expiry",
    "preflight",
    "execution",
    "preview",
    ".",
    "routes",
  ],
  deployment: [
    "traffic",
    "front",
    "slots",
    "judge",
    "preflight",
    "journeys",
    "rehearsal",
    "release",
    "validation",
    "history",
    ".",
    "routes",
  ],
  cli: [".", "commands"],
};

test("the imports are found", () => {
  expect(production.length).toBeGreaterThan(300);
  expect(show(imports)).toContain("ops/src/alerts/rules/rule.ts -> ops/src/monitoring/index.ts");
  expect(show(imports)).toContain("delivery/src/context.ts -> @earlybird-ops/platform/alerts");
});

test.each(Object.entries(allowedImports))("in the platform, %s imports at most %j", (name, allowed) => {
  const own = inside(`ops/src/${name}`);
  const violations = production
    .filter(({ file, target }) => own(file) && target.startsWith("ops/") && !own(target))
    .filter(({ target }) => !allowed.includes(capabilityOf(target).slice("ops/src/".length)));
  expect(show(violations)).toEqual([]);
});

test("every folder of the platform has an import rule", () => {
  const folders = sourceFiles("ops/src").filter((file) => file.split("/").length > 3);
  const named = new Set(folders.map((file) => capabilityOf(file).slice("ops/src/".length)));
  expect([...named].sort()).toEqual(Object.keys(allowedImports).sort());
});

test.each(Object.entries(layers))(
  "within %s, a file imports its own folder and lower ones: %j",
  (name, order) => {
    const home = `ops/src/${name}`;
    const isEntry = (path: string) => path === `${home}/index.ts` || path === `${home}/main.ts`;
    const folderOf = (path: string) => {
      const [first = "", ...rest] = path.slice(home.length + 1).split("/");
      return rest.length === 0 ? "." : first;
    };
    const own = production.filter(({ file }) => inside(home)(file));
    expect([...new Set(own.map(({ file }) => folderOf(file)))].sort()).toEqual([...order].sort());
    const upward = own.filter(
      ({ file, target }) =>
        inside(home)(target) &&
        !isEntry(file) &&
        (isEntry(target) || order.indexOf(folderOf(target)) > order.indexOf(folderOf(file))),
    );
    expect(show(upward)).toEqual([]);
  },
);

test("the platform imports nothing from delivery or the console", () => {
  const violations = imports.filter(
    ({ file, target }) => inside("ops")(file) && /^(delivery|console|@earlybird)\//.test(target),
  );
  expect(show(violations)).toEqual([]);
});

test("delivery uses the platform only through its public exports", () => {
  const violations = imports.filter(
    ({ file, target }) => inside("delivery")(file) && /^(ops|console|@earlybird)\//.test(target),
  );
  expect(show(violations)).toEqual([]);
});

test("an example imports only the public exports and its own files", () => {
  const violations = imports.filter(
    ({ file, target }) =>
      inside("examples")(file) && /^(ops|delivery|console|test|@earlybird)\//.test(target),
  );
  expect(show(violations)).toEqual([]);
});

test("the console imports no server code", () => {
  const violations = imports.filter(
    ({ file, target }) =>
      inside("console")(file) && /^(ops|delivery|test)\/|^(earlybird\b|@earlybird(-ops)?\/)/.test(target),
  );
  expect(show(violations)).toEqual([]);
});

test("production code imports nothing from test, bench or scripts", () => {
  const violations = production.filter(({ target }) => /^(test|bench|scripts)\//.test(target));
  expect(show(violations)).toEqual([]);
});

test("a capability with an index is imported only through it, except table definitions in the schema", () => {
  const violations = production.filter(({ file, target }) => {
    // The index would also load the routes, which commands do not need.
    if (file === "delivery/src/schema.ts" && /\/tables\.ts$/.test(target)) return false;
    const capability = capabilityOf(target);
    if (foundations.includes(capability)) return false;
    const index = `${capability}/index.ts`;
    return capability !== capabilityOf(file) && existsSync(resolve(root, index)) && target !== index;
  });
  expect(show(violations)).toEqual([]);
});

/** The cycles of a graph, each as a path that ends at its start. */
const findCycles = (needs: ReadonlyMap<string, ReadonlySet<string>>): string[] => {
  const cycles = new Set<string>();
  const finished = new Set<string>();
  const walk = (place: string, path: readonly string[]): void => {
    if (path.includes(place)) cycles.add([...path.slice(path.indexOf(place)), place].join(" -> "));
    if (path.includes(place) || finished.has(place)) return;
    for (const next of needs.get(place) ?? []) walk(next, [...path, place]);
    finished.add(place);
  };
  for (const place of needs.keys()) walk(place, []);
  return [...cycles];
};

const graphOf = (nodeOf: (path: string) => string): Map<string, Set<string>> => {
  const needs = new Map<string, Set<string>>();
  for (const { file, target } of production) {
    const [from, to] = [nodeOf(file), nodeOf(target)];
    if (from !== to && existsSync(resolve(root, target)))
      needs.set(from, (needs.get(from) ?? new Set()).add(to));
  }
  return needs;
};

test("capabilities have no import cycles", () => {
  expect(findCycles(graphOf(capabilityOf))).toEqual([]);
});

test("files have no import cycles, types included", () => {
  expect(findCycles(graphOf((path) => path))).toEqual([]);
});
