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

/** Which capabilities of the platform may use which; the files beside them are the wiring and know all. */
const platformArrows: Record<string, readonly string[]> = {
  lib: [],
  database: ["lib"],
  monitoring: ["lib"],
  rollback: ["lib", "database"],
  alerts: ["lib", "monitoring"],
  cli: ["lib", "database", "rollback", "alerts", "service.ts"],
};

test("the imports are found", () => {
  expect(production.length).toBeGreaterThan(300);
  expect(show(imports)).toContain("ops/src/alerts/rules/rule.ts -> ops/src/monitoring/index.ts");
  expect(show(imports)).toContain("delivery/src/context.ts -> earlybird/alerts");
});

test.each(Object.entries(platformArrows))(
  "in the platform, %s imports of ours at most %j",
  (name, allowed) => {
    const own = inside(`ops/src/${name}`);
    const strangers = production
      .filter(({ file, target }) => own(file) && target.startsWith("ops/") && !own(target))
      .filter(({ target }) => !allowed.includes(capabilityOf(target).slice("ops/src/".length)));
    expect(show(strangers)).toEqual([]);
  },
);

test("every folder of the platform has its arrows", () => {
  const folders = sourceFiles("ops/src").filter((file) => file.split("/").length > 3);
  const named = new Set(folders.map((file) => capabilityOf(file).slice("ops/src/".length)));
  expect([...named].sort()).toEqual(Object.keys(platformArrows).sort());
});

test("the platform knows nothing of delivery or console", () => {
  const strangers = imports.filter(
    ({ file, target }) => inside("ops")(file) && /^(delivery|console|@earlybird)\b/.test(target),
  );
  expect(show(strangers)).toEqual([]);
});

test("delivery uses the platform only through its public exports", () => {
  const strangers = imports.filter(
    ({ file, target }) => inside("delivery")(file) && /^(ops|console|@earlybird)\//.test(target),
  );
  expect(show(strangers)).toEqual([]);
});

test("an example is a stranger: it knows the public exports and itself", () => {
  const strangers = imports.filter(
    ({ file, target }) =>
      inside("examples")(file) && /^(ops|delivery|console|test|@earlybird)\//.test(target),
  );
  expect(show(strangers)).toEqual([]);
});

test("the console talks HTTP only", () => {
  const strangers = imports.filter(
    ({ file, target }) =>
      inside("console")(file) && /^(ops|delivery|test)\/|^(earlybird|@earlybird)\b/.test(target),
  );
  expect(show(strangers)).toEqual([]);
});

test("what runs does not need what tests, measures or builds", () => {
  const strangers = production.filter(({ target }) => /^(test|bench|scripts)\//.test(target));
  expect(show(strangers)).toEqual([]);
});

test("a capability with an index is entered through it alone, but for the tables that the schema collects", () => {
  const strangers = production.filter(({ file, target }) => {
    // An index would load the routes with it, which no command needs.
    if (file === "delivery/src/schema.ts" && /\/tables\.ts$/.test(target)) return false;
    const capability = capabilityOf(target);
    const index = `${capability}/index.ts`;
    return capability !== capabilityOf(file) && existsSync(resolve(root, index)) && target !== index;
  });
  expect(show(strangers)).toEqual([]);
});

test("no two capabilities need each other", () => {
  const needs = new Map<string, Set<string>>();
  for (const { file, target } of production) {
    const [from, to] = [capabilityOf(file), capabilityOf(target)];
    if (from !== to && existsSync(resolve(root, target)))
      needs.set(from, (needs.get(from) ?? new Set()).add(to));
  }
  const circles: string[] = [];
  const walk = (place: string, path: readonly string[]): void => {
    if (path.includes(place)) circles.push([...path.slice(path.indexOf(place)), place].join(" -> "));
    else for (const next of needs.get(place) ?? []) walk(next, [...path, place]);
  };
  for (const place of needs.keys()) walk(place, []);
  expect([...new Set(circles)]).toEqual([]);
});
