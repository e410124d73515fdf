import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;
const object = z.record(z.string(), z.unknown());
const document = z.looseObject({ paths: z.record(z.string(), object), security: z.array(object).optional() });

/** A route of an OpenAPI document. */
export interface Route {
  /** `GET /api/orders/{}`: names of parameters do not matter. */
  key: string;
  path: string;
  operation: Json;
  /** Parameters of the path and of the operation. */
  parameters: readonly Json[];
  isProtected: boolean;
}

export interface ApiDocument {
  routes: ReadonlyMap<string, Route>;
  /** Follows a `$ref` within the document; answers {} where there is no schema. */
  resolve(schema: unknown): Json;
}

/** Reads an OpenAPI 3 document. @throws ZodError if it is none */
export const readOpenapi = (given: unknown): ApiDocument => {
  const api = document.parse(given);
  const resolve = (schema: unknown): Json => {
    let current = schema;
    for (let depth = 0; depth < 20 && isObject(current) && typeof current.$ref === "string"; depth++)
      current = current.$ref
        .split("/")
        .slice(1)
        .reduce<unknown>(
          (value, key) =>
            isObject(value) ? value[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined,
          api,
        );
    return isObject(current) ? current : {};
  };
  const routes = new Map<string, Route>();
  for (const [path, item] of Object.entries(api.paths))
    for (const method of methods) {
      const operation = item[method];
      if (!isObject(operation)) continue;
      const key = `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
      const parameters = [...list(item.parameters), ...list(operation.parameters)].map(resolve);
      routes.set(key, {
        key,
        path,
        operation,
        parameters,
        isProtected: isProtected(operation.security ?? api.security),
      });
    }
  return { routes, resolve };
};

/** `security: [{}]` and `[]` let everybody in, and so does `{}` among others. */
const isProtected = (security: unknown): boolean =>
  list(security).length > 0 && list(security).every((needed) => Object.keys(needed).length > 0);

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
