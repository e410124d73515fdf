import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** The built pages in the package, also when the sources run. */
const builtPages = fileURLToPath(new URL("../../dist/console/pages", import.meta.url));

const yearSeconds = 31_536_000;

/** Scripts, styles and fonts of its own only, no inline script, no framing, and no string becomes a script. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/**
 * Serves the console below `path`. Every other address below it gets the page, whose script reads the address.
 * The page refers to its files relative to a `<base>` computed from the depth of the URL, so that it works below any
 * prefix that a proxy removes.
 */
export const consolePages = async (
  app: FastifyInstance,
  path: string,
  directory = builtPages,
): Promise<void> => {
  const indexFile = join(directory, "index.html");
  if (!existsSync(indexFile)) {
    app.log.warn("the console was not built, so there are only the routes: npm run build");
    return;
  }
  const index = readFileSync(indexFile, "utf8");
  app.addHook("onSend", async (_request, reply) => {
    reply.header("content-security-policy", contentSecurityPolicy);
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "same-origin");
  });
  await app.register(fastifyStatic, {
    root: join(directory, "assets"),
    prefix: `${path}/assets/`,
    preCompressed: true,
    immutable: true,
    maxAge: yearSeconds * 1_000,
    decorateReply: false,
  });
  const page = (request: FastifyRequest, reply: FastifyReply) =>
    reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-cache")
      .send(
        index
          .replace('<base href="/" />', `<base href="${baseOf(request.url, path)}" />`)
          .replace('data-root="../"', `data-root="${rootOf(path)}"`),
      );
  app.get(path, { schema: { hide: true } }, page);
  app.get(`${path}/*`, { schema: { hide: true } }, page);
};

/** The way from the console to the root of the service: `/console` gives `../`, `/ops/console` gives `../../`. */
const rootOf = (path: string): string => "../".repeat(path.split("/").length - 1);

/** `/console` gives `./console/`, `/console/` gives `./`, `/console/changes/23` gives `../`. */
export const baseOf = (url: string, path: string): string => {
  const below = (url.split("?", 1)[0] ?? "").slice(path.length);
  if (below === "") return `./${path.split("/").at(-1)}/`;
  const depth = below.split("/").length - 2;
  return depth === 0 ? "./" : "../".repeat(depth);
};
