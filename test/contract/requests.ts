import fc, { type Arbitrary } from "fast-check";

/** A JSON schema as the OpenAPI document has it. */
export interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  format?: string;
}

/** One operation of the document. */
export interface Operation {
  method: string;
  path: string;
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[];
  body: Schema | undefined;
  /** The content type of each status that the document names. */
  answers: Map<number, string | undefined>;
}

/** A request as a client of the document, or one that knows nothing of it, may send. */
export interface FuzzedRequest {
  operation: Operation;
  url: string;
  headers: Record<string, string>;
  payload: string | undefined;
}

interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: Operation["parameters"];
        requestBody?: { content: Record<string, { schema: Schema }> };
        responses: Record<string, { content?: Record<string, unknown> }>;
      }
    >
  >;
}

export const operationsOf = ({ paths }: Document): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content["application/json"]?.schema,
      answers: new Map(
        Object.entries(responses).map(([status, { content }]) => [
          Number(status),
          Object.keys(content ?? {})[0],
        ]),
      ),
    })),
  );

/** What is no value of any schema, or only of a careless one. */
const odd: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    -1,
    0,
    1.5,
    1e300,
    2 ** 53,
    true,
    [],
    {},
    "\u0000",
    "\ud800",
    "9".repeat(400),
  ),
  fc.constantFrom(
    "' or 1=1 --",
    "../../etc/passwd",
    "%00",
    "2026-02-30",
    "0001-01-01",
    "__proto__",
    "💥".repeat(70),
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.nat(90).map((depth) => JSON.parse(`${"[".repeat(depth + 1)}${"]".repeat(depth + 1)}`)),
);

/** Values of a schema, mostly; `known` are values that exist, such as ids. */
const ofSchema = (schema: Schema, known: readonly string[]): Arbitrary<unknown> => {
  const { anyOf, oneOf, allOf } = schema;
  const parts = anyOf ?? oneOf;
  if (parts) return fc.oneof(...parts.map((part) => ofSchema(part, known)));
  if (allOf) return ofSchema(Object.assign({}, ...allOf), known);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch ([schema.type].flat()[0]) {
    case "integer":
    case "number":
      return fc.integer({
        min: Math.max(schema.minimum ?? -1_000, -1_000),
        max: Math.max(Math.min(schema.maximum ?? 1_000, 1_000), schema.minimum ?? -1_000),
      });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(slot(schema.items ?? {}, known), {
        minLength: Math.min(schema.minItems ?? 0, 3),
        maxLength: Math.min(schema.maxItems ?? 3, 3),
      });
    case "object":
      return objectOf(schema, known);
    case "null":
      return fc.constant(null);
    default:
      return textOf(schema, known);
  }
};

const objectOf = ({ properties = {}, required = [] }: Schema, known: readonly string[]): Arbitrary<unknown> =>
  fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, slot(inner, known)])),
    { requiredKeys: required },
  );

const textOf = ({ format, maxLength = 40 }: Schema, known: readonly string[]): Arbitrary<unknown> => {
  if (format === "date")
    return fc.constantFrom("2026-03-09", "2026-03-10", "2026-03-11", "2026-04-01", "2026-13-01");
  if (format === "date-time")
    return fc.constantFrom("2026-03-10T06:00:00Z", "2026-03-10", "+275760-09-13T00:00:00Z");
  if (format === "email")
    return fc.constantFrom("new@example.com", "admin@example.com", "customer-cst_asha@earlybird.local");
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: Math.min(maxLength, 40) }) },
  );
};

/** One in twelve is not as described. */
const slot = (schema: Schema, known: readonly string[]): Arbitrary<unknown> =>
  fc.oneof({ weight: 11, arbitrary: ofSchema(schema, known) }, { weight: 1, arbitrary: odd });

const queryText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

/** Percent-encodes whatever a text holds; a lone surrogate has no encoding. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

/** Requests to an operation: most as the document describes, some with a fault in one place, a few that are no JSON. */
export const requestTo = (operation: Operation, known: readonly string[]): Arbitrary<FuzzedRequest> => {
  const parameters = fc.record(
    Object.fromEntries(operation.parameters.map(({ name, schema }) => [name, slot(schema, known)])),
    { requiredKeys: operation.parameters.filter(({ required }) => required).map(({ name }) => name) },
  );
  const json = operation.body
    ? slot(operation.body, known).map((body) => JSON.stringify(body))
    : fc.constant(undefined);
  const payload = fc.oneof(
    { weight: 15, arbitrary: json },
    { weight: 1, arbitrary: fc.constantFrom("{", '{"a":1,', "[1]", "null", "<a/>", "") },
  );
  const contentType = fc.oneof(
    { weight: 20, arbitrary: fc.constant("application/json") },
    {
      weight: 1,
      arbitrary: fc.constantFrom("text/plain", "application/xml", "application/json; charset=utf-16"),
    },
  );
  return fc
    .record({ parameters, payload, contentType })
    .map(({ parameters: values, payload: sent, contentType: type }) => {
      const given = values as Record<string, unknown>;
      const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encode(queryText(given[name])) || "-");
      const query = operation.parameters
        .filter(({ name, in: place }) => place === "query" && name in given)
        .map(({ name }) => `${encode(name)}=${encode(queryText(given[name]))}`);
      const body = operation.method === "GET" ? undefined : sent;
      return {
        operation,
        url: query.length > 0 ? `${path}?${query.join("&")}` : path,
        headers: body === undefined ? {} : { "content-type": type },
        payload: body,
      };
    });
};
