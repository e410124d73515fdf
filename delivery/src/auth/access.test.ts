import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";
import { roles } from "../database.ts";
import { access } from "./access.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const closed = Object.entries(access).flatMap(([route, rule]) =>
  rule === "public" ? [] : [{ route: route.replace(/:\w+/, "some_id"), rule }],
);

const missing = () =>
  Object.keys(access).filter((route) => {
    const [method = "", url = ""] = route.split(" ");
    return !api.app.hasRoute({ method: method as "GET", url });
  });

test("each rule belongs to a route", () => {
  expect(missing()).toEqual([]);
});

test.each(closed)("$route needs a login", async ({ route }) => {
  expect(await api.refusal(route)).toEqual([401, "EB_UNAUTHENTICATED"]);
});

test.each(closed)("$route is for $rule and nobody else", async ({ route, rule }) => {
  for (const role of roles) {
    const answer = await api.send(route, { as: role, ...(route.startsWith("GET") ? {} : { body: {} }) });
    const forbidden = answer.statusCode === 403 && answer.json().code === "EB_FORBIDDEN";
    expect([role, forbidden]).toEqual([role, !rule.includes(role)]);
    expect(answer.statusCode).toBeLessThan(500);
  }
});
