import { expect, test } from "vitest";
import { lostProtection } from "./security/29-route-protection.ts";
import { breakingChanges } from "./security/breaking-changes.ts";

type Json = Record<string, unknown>;

const bearer = [{ bearer: [] }];
const order = {
  type: "object",
  required: ["id", "state"],
  properties: {
    id: { type: "string" },
    state: { type: "string", enum: ["open", "paid"] },
    paise: { type: "integer" },
    parent: { $ref: "#/components/schemas/Order" },
  },
};
const api = (operation: Json = {}, schemas: Json = { Order: order }, path = "/orders/{id}"): Json => ({
  openapi: "3.1.0",
  paths: {
    [path]: {
      post: {
        security: bearer,
        requestBody: {
          content: {
            "application/json": { schema: { type: "object", properties: { note: { type: "string" } } } },
          },
        },
        responses: {
          200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Order" } } } },
        },
        ...operation,
      },
    },
  },
  components: { schemas },
});
const withOrder = (change: Json): Json => api({}, { Order: { ...order, ...change } });
const withField = (name: string, schema: Json): Json =>
  withOrder({ properties: { ...order.properties, [name]: schema } });
const withRequest = (schema: Json, required = false): Json =>
  api({ requestBody: { required, content: { "application/json": { schema } } } });

test.each<[string, Json, string[]]>([
  ["nothing changes", api(), []],
  ["the parameter of the path gets another name", api({}, undefined, "/orders/{order}"), []],
  ["a response gets a field", withField("total", { type: "number" }), []],
  [
    "a request gets an optional field",
    withRequest({ properties: { note: { type: "string" }, tag: {} } }),
    [],
  ],
  ["a request accepts more types", withRequest({ properties: { note: { type: ["string", "null"] } } }), []],
  ["a response has fewer values", withField("state", { type: "string", enum: ["open"] }), []],
  ["a route is gone", { openapi: "3.1.0", paths: {} }, ["POST /orders/{} is gone"]],
  [
    "a response loses a field",
    withOrder({ required: ["id"], properties: { id: order.properties.id } }),
    ["response 200.state is gone"],
  ],
  [
    "a response field becomes optional",
    withOrder({ required: ["id"] }),
    ["response 200.state is optional now"],
  ],
  [
    "a response field changes its type",
    withField("id", { type: "integer" }),
    ["response 200.id was string, is integer"],
  ],
  [
    "a response field may be null",
    withField("id", { anyOf: [{ type: "string" }, { type: "null" }] }),
    ["response 200.id was string, is string or null"],
  ],
  [
    "a response has a new value",
    withField("state", { type: "string", enum: ["open", "paid", "void"] }),
    ["response 200.state has new values void"],
  ],
  [
    "a request needs a field",
    withRequest({ required: ["tag"], properties: {} }),
    ["request.tag is now required"],
  ],
  ["a request needs a body", withRequest({ properties: {} }, true), ["request now needs a body"]],
  [
    "a request field accepts fewer values",
    withRequest({ properties: { note: { type: "string", enum: ["a"] } } }),
    ["request.note accepts only a"],
  ],
  [
    "a parameter is needed",
    api({ parameters: [{ in: "query", name: "day", required: true }] }),
    ["query parameter day is now required"],
  ],
  ["a response status is gone", api({ responses: { 204: {} } }), ["response 200 is gone"]],
])("%s", (_, green, expected) => {
  expect(breakingChanges(api(), green)).toEqual(
    expected.map((change) => (change.startsWith("POST") ? change : `POST /orders/{}: ${change}`)),
  );
});

test.each<[string, unknown, boolean]>([
  ["no requirement", undefined, true],
  ["an empty list", [], true],
  ["an alternative without login", [{ bearer: [] }, {}], true],
  ["another scheme", [{ cookie: [] }], false],
])("the protection of a route with %s is compared", (_, security, lost) => {
  const green = api({ security });
  expect(lostProtection(api(), green)).toEqual(lost ? ["POST /orders/{}"] : []);
  // A requirement of the whole document protects a route that names none.
  expect(lostProtection(api(), { ...api({ security: undefined }), security: bearer })).toEqual([]);
  expect(lostProtection(api({ security: [] }), green)).toEqual([]);
});
