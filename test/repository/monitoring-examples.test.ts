import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { until } from "../support/until.ts";
import { root } from "./imports.ts";

const read = (file: string) => readFileSync(resolve(root, "docs", file), "utf8");
const document = read("reference/http-api.md");

/** `GET /path`, for a POST with its body, and the answer that follows. */
const examples = [
  ...document.matchAll(/^`((?:GET|POST) \/\S+)`(?: `(\{.*\})`)?\n\n```json\n([\s\S]*?)^```$/gm),
].map(([, route = "", body, answer = ""]) => ({ route, body, answer: JSON.parse(answer) }));

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.observed.monitoring.start();
  await api.send("POST /api/rollback/steps/24/rollback", { as: "customer", body: { reason: "x" } });
  await until(() => api.alerts.active().length === 1);
  await api.alerts.settled();
});
afterAll(async () => {
  await api.observed.monitoring.stop();
  await api.stop();
});

/** Every path of a document with its type; what an example leaves out is left out in both. */
const kinds = (value: unknown, path = ""): Record<string, string> => {
  if (value === null) return {};
  if (Array.isArray(value)) return value.length > 0 ? kinds(value[0], `${path}[]`) : {};
  if (typeof value !== "object") return { [path]: typeof value };
  return Object.assign({}, ...Object.entries(value).map(([name, inner]) => kinds(inner, `${path}.${name}`)));
};

test("there are examples of the routes that people ask most", () => {
  expect(examples.map(({ route }) => route)).toEqual(
    expect.arrayContaining(["GET /api/health/detailed", "GET /api/alerts/summary", "POST /api/alerts/mute"]),
  );
});

test.each(examples)("the example of $route is what a server answers", async ({ route, body, answer }) => {
  const live = await api.ask(route, { as: "operator", ...(body && { body: JSON.parse(body) }) });
  expect(kinds(live)).toMatchObject(kinds(answer));
});

test("what the samples import is exported", async () => {
  const samples = read("how-to/add-to-your-service.md") + read("reference/alert-types.md");
  const imports = [
    ...samples.matchAll(/^import \{ ((?!type|.*, type).+) \} from "(@earlybird-ops\/platform[^"]*)";$/gm),
  ];
  expect(imports.length).toBeGreaterThan(1);
  for (const [, names = "", from = ""] of imports) {
    const known = Object.keys(await import(from));
    for (const name of names.split(", ")) expect(known, `${name} of ${from}`).toContain(name);
  }
});
