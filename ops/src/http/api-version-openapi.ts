import type { FastifySchema } from "fastify";
import { apiVersionHeaderName } from "./api-version.ts";

/**
 * Adds the header of API versions to the JSON schema of an operation. The versions are prose, not an enum: a version that
 * ends would otherwise be a breaking change for all clients.
 *
 * @param dates newest first; undefined adds nothing
 */
export const describeVersions = <Schema extends FastifySchema>(
  schema: Schema,
  dates: readonly string[] | undefined,
): Schema => {
  if (!dates) return schema;
  const { properties, ...rest } = (schema.headers ?? {}) as { properties?: object };
  const header = {
    type: "string",
    format: "date",
    description: `API version: ${dates.join(" or ")}. Without it, the version of the login or the oldest.`,
  };
  return {
    ...schema,
    headers: { type: "object", ...rest, properties: { ...properties, [apiVersionHeaderName]: header } },
  };
};
