import { STATUS_CODES } from "node:http";
import type { FastifySchema, RouteOptions } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Statuses of problems that the route answers with, beside those that follow from what it takes. */
    problems?: readonly number[];
  }
}

/** The schema of a problem, for `components.schemas` of the document. */
export const problemSchema = {
  type: "object" as const,
  required: ["type", "title", "status", "code", "detail", "remedy"],
  properties: {
    type: { type: "string" as const },
    title: { type: "string" as const },
    status: { type: "integer" as const },
    code: { type: "string" as const, description: "stable; docs/errors.md lists all of them" },
    detail: { type: "string" as const },
    remedy: { type: "string" as const, description: "what you can do about it" },
  },
};

const meanings: Record<number, string> = {
  400: "The request is not as described.",
  401: "There is no valid login.",
  403: "The login does not have the right.",
  404: "What the path names does not exist.",
  409: "The present state does not allow it.",
  410: "It existed, and has expired.",
  413: "The body is too large.",
  415: "The content type is not application/json.",
  422: "The request is well-formed, and its content is refused.",
  429: "Too many requests; `retry-after` says when to try again.",
  503: "The database is not available, or another write was in the way; try again.",
};

/** What a `transform` of @fastify/swagger answers. */
interface Described {
  schema: FastifySchema & { hide?: boolean };
  url: string;
}

/**
 * Adds to each operation of an OpenAPI document the problems that it can answer with. Most follow from the route: what
 * it takes, whether it needs a login, whether it writes; `config.problems` names the others.
 */
export const describeProblems =
  <Input extends { route: RouteOptions }>(
    transform: (input: Input) => Described,
  ): ((input: Input) => Described) =>
  (input) => {
    const { schema, url } = transform(input);
    if (schema.hide) return { schema, url };
    const problems = Object.fromEntries(statusesOf(input.route).map((status) => [status, answer(status)]));
    const described = (schema.response as Record<string, unknown> | undefined) ?? {
      200: { description: "Done" },
    };
    return { schema: { ...schema, response: { ...problems, ...described } }, url };
  };

const statusesOf = ({ method, url, schema, config }: RouteOptions): number[] => {
  const methods = [method].flat();
  const writes = methods.some((each) => !["GET", "HEAD"].includes(each));
  return [
    ...[400, 429, 503],
    ...(schema?.security?.length ? [401, 403] : []),
    ...(url.includes("/:") ? [404] : []),
    ...(writes ? [409, 413, 415, 422] : []),
    ...(config?.problems ?? []),
  ];
};

const answer = (status: number) => ({
  description: meanings[status] ?? STATUS_CODES[status] ?? "",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
