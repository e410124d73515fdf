import { type ApiDocument, isObject, list, type Route, readOpenapi } from "./openapi.ts";

/** Who fills in a value: the client writes requests, the server writes responses. */
type Writer = "client" | "server";

interface Comparison {
  blue: ApiDocument;
  green: ApiDocument;
  writer: Writer;
  /** Pairs that were compared. Schemas may be recursive, and each is reported once. */
  compared: Map<object, Set<object>>;
}

const comparisonOf = (blue: ApiDocument, green: ApiDocument, writer: Writer): Comparison => ({
  blue,
  green,
  writer,
  compared: new Map(),
});

/** Notes a pair; false if it was compared before. */
const isNewPair = ({ compared }: Comparison, old: object, current: object): boolean => {
  const others = compared.get(old) ?? new Set();
  if (others.has(current)) return false;
  compared.set(old, others.add(current));
  return true;
};

/**
 * What breaks a client of `blue` that talks to `green`, one sentence each:
 * - a route, or a response field that was always there, is gone
 * - a request needs a parameter or field that it did not need
 * - a field changes its type
 * - a request no longer accepts a value; a response has values that the client does not know
 */
export const breakingChanges = (blueDocument: unknown, greenDocument: unknown): string[] => {
  const [blue, green] = [readOpenapi(blueDocument), readOpenapi(greenDocument)];
  const broken = [...blue.routes.values()].flatMap((before) => {
    const after = green.routes.get(before.key);
    if (!after) return [`${before.key} is gone`];
    return compareRoutes(blue, green, before, after).map((change) => `${before.key}: ${change}`);
  });
  return [...new Set(broken)];
};

const compareRoutes = (blue: ApiDocument, green: ApiDocument, before: Route, after: Route): string[] => [
  ...compareParameters(blue, green, before, after),
  ...compareBodies(
    comparisonOf(blue, green, "client"),
    before.operation.requestBody,
    after.operation.requestBody,
    "request",
  ),
  ...compareResponses(
    comparisonOf(blue, green, "server"),
    before.operation.responses,
    after.operation.responses,
  ),
];

const compareParameters = (blue: ApiDocument, green: ApiDocument, before: Route, after: Route): string[] =>
  after.parameters
    .filter((parameter) => parameter.in !== "path")
    .flatMap((parameter) => {
      const { name, in: where } = parameter;
      const old = before.parameters.find((each) => each.name === name && each.in === where);
      const at = `${where} parameter ${name}`;
      const needed = parameter.required === true && old?.required !== true ? [`${at} is now required`] : [];
      if (!old) return needed;
      return [
        ...needed,
        ...compareSchemas(comparisonOf(blue, green, "client"), old.schema, parameter.schema, at),
      ];
    });

const schemaOf = (api: ApiDocument, body: unknown): unknown => {
  const content = api.resolve(body).content;
  return isObject(content) ? api.resolve(content["application/json"]).schema : undefined;
};

const compareBodies = (comparison: Comparison, before: unknown, after: unknown, at: string): string[] => {
  const { blue, green, writer } = comparison;
  const needed =
    writer === "client" && green.resolve(after).required === true && blue.resolve(before).required !== true
      ? [`${at} now needs a body`]
      : [];
  const [old, current] = [schemaOf(blue, before), schemaOf(green, after)];
  if (old === undefined) return needed;
  if (current === undefined) return writer === "server" ? [`${at} has no JSON body any more`] : needed;
  return [...needed, ...compareSchemas(comparison, old, current, at)];
};

const compareResponses = (comparison: Comparison, before: unknown, after: unknown): string[] => {
  const [old, current] = [comparison.blue.resolve(before), comparison.green.resolve(after)];
  return Object.keys(old)
    .filter((status) => status.startsWith("2"))
    .flatMap((status) =>
      status in current
        ? compareBodies(comparison, old[status], current[status], `response ${status}`)
        : [`response ${status} is gone`],
    );
};

const compareSchemas = (comparison: Comparison, before: unknown, after: unknown, at: string): string[] => {
  const [old, current] = [comparison.blue.resolve(before), comparison.green.resolve(after)];
  if (Object.keys(old).length === 0 || Object.keys(current).length === 0) return [];
  if (!isNewPair(comparison, old, current)) return [];
  const types = compareTypes(comparison.writer, typesOf(old), typesOf(current), at);
  if (types.length > 0) return types;
  const deeper = (a: unknown, b: unknown, where: string) => compareSchemas(comparison, a, b, where);
  return [
    ...compareValues(comparison.writer, old.enum, current.enum, at),
    ...compareFields(comparison, old, current, at, deeper),
    ...(old.items && current.items ? deeper(old.items, current.items, `${at}[]`) : []),
  ];
};

/** The JSON types that a schema allows, over its alternatives; empty if it does not say. */
const typesOf = (schema: Readonly<Record<string, unknown>>): Set<string> => {
  const alternatives = [...list(schema.anyOf), ...list(schema.oneOf)];
  if (alternatives.length > 0) {
    const types = alternatives.map(typesOf);
    return types.some((each) => each.size === 0) ? new Set() : new Set(types.flatMap((each) => [...each]));
  }
  const { type } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
  return new Set(schema.nullable === true ? [...named, "null"] : named);
};

const allows = (types: ReadonlySet<string>, type: string) =>
  types.has(type) || (type === "integer" && types.has("number"));

/** The reader must understand all types that the writer may use. */
const compareTypes = (writer: Writer, before: Set<string>, after: Set<string>, at: string): string[] => {
  if (before.size === 0 || after.size === 0) return [];
  const [written, read] = writer === "server" ? [after, before] : [before, after];
  return [...written].every((type) => allows(read, type))
    ? []
    : [`${at} was ${[...before].join(" or ")}, is ${[...after].join(" or ")}`];
};

const compareValues = (writer: Writer, before: unknown, after: unknown, at: string): string[] => {
  if (!Array.isArray(after)) return [];
  if (!Array.isArray(before)) return writer === "client" ? [`${at} accepts only ${after.join(", ")}`] : [];
  const [written, read] = writer === "server" ? [after, before] : [before, after];
  const strange = written.filter((value) => !read.includes(value));
  if (strange.length === 0) return [];
  return [`${at} ${writer === "server" ? "has new values" : "no longer accepts"} ${strange.join(", ")}`];
};

type Fields = Readonly<Record<string, unknown>>;

const compareFields = (
  { writer }: Comparison,
  old: Fields,
  current: Fields,
  at: string,
  deeper: (a: unknown, b: unknown, where: string) => string[],
): string[] => {
  const [before, after] = [fieldsOf(old), fieldsOf(current)];
  const [neededBefore, neededAfter] = [requiredOf(old), requiredOf(current)];
  const changed = Object.keys(before)
    .filter((name) => name in after)
    .flatMap((name) => deeper(before[name], after[name], `${at}.${name}`));
  const broken =
    writer === "client"
      ? neededAfter
          .filter((name) => !neededBefore.includes(name))
          .map((name) => `${at}.${name} is now required`)
      : neededBefore
          .filter((name) => !neededAfter.includes(name))
          .map((name) => `${at}.${name} is ${name in after ? "optional now" : "gone"}`);
  return [...broken, ...changed];
};

const fieldsOf = ({ properties }: Fields): Fields => (isObject(properties) ? properties : {});
const requiredOf = ({ required }: Fields): string[] =>
  Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
