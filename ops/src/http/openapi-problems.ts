import { STATUS_CODES } from "node:http";
import type { FastifySchema, RouteOptions } from "fastify";
import { describeVersions } from "./api-version-openapi.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Error statuses of the route beyond those that follow from its schema. */
    problems?: readonly number[];
  }
}

/** The schema of a problem, for `components.schemas` of the OpenAPI document. */
export const problemSchema = {
  type: "object" as const,
  required: ["type", "title", "status", "code", "detail", "remedy"],
  properties: {
    type: { type: "string" as const },
    title: { type: "string" as const },
    status: { type: "integer" as const },
    code: { type: "string" as const, description: "Stable. docs/reference/errors.md lists all codes." },
    detail: { type: "string" as const },
    remedy: { type: "string" as const, description: "What you can do about it." },
  },
};

const meanings: Record<number, string> = {
  400: "The request does not match the schema.",
  401: "The request has no valid login.",
  403: "The login lacks the permission.",
  404: "The resource does not exist.",
  406: "The service does not have this API version.",
  409: "The current state does not allow it.",
  410: "The resource has expired.",
  413: "The body is too large.",
  415: "The content type is not application/json.",
  422: "The request is well-formed, but its content is not acceptable.",
  429: "Too many requests; `retry-after` says when to try again.",
  503: "The database is not available, or another write conflicted; try again.",
};

/** The result of a `transform` of @fastify/swagger. */
interface Described {
  schema: FastifySchema & { hide?: boolean };
  url: string;
}

/**
 * Adds the error responses to each operation of an OpenAPI document. Most follow from the route: its parameters and
 * body, whether it needs a login, whether it writes. `config.problems` lists the others. Names the header of API versions.
 */
export const describeProblems =
  <Input extends { route: RouteOptions }>(
    transform: (input: Input) => Described,
  ): ((input: Input) => Described) =>
  (input) => {
    // The transform answers none for a route without a schema.
    const { schema = {}, url } = transform(input);
    if (schema.hide) return { schema, url };
    const problems = Object.fromEntries(statusesOf(input.route).map((status) => [status, answer(status)]));
    const described = (schema.response as Record<string, unknown> | undefined) ?? {
      200: { description: "Done" },
    };
    const complete = { ...schema, response: { ...problems, ...described } };
    return { schema: describeVersions(complete, input.route.config?.apiVersions), url };
  };

const statusesOf = ({ method, url, schema, config }: RouteOptions): number[] => {
  const methods = [method].flat();
  const writes = methods.some((each) => !["GET", "HEAD"].includes(each));
  return [
    ...[400, 429, 503],
    ...(schema?.security?.length ? [401, 403] : []),
    ...(url.includes("/:") ? [404] : []),
    ...(config?.apiVersions ? [406] : []),
    ...(writes ? [409, 413, 415, 422] : []),
    ...(config?.problems ?? []),
  ];
};

const answer = (status: number) => ({
  description: meanings[status] ?? STATUS_CODES[status] ?? "",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
