import { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { describe, expect, test } from "vitest";
import { expressRouteOf } from "./express-route.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express;

const handled = new WeakMap<object, (template: string | undefined) => void>();

/** The template of the route that handles a path; undefined if none does. */
const routeOf = (app: Express, url: string) =>
  new Promise<string | undefined>((resolve) => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method: "GET", url });
    handled.set(request, resolve);
    const unhandled: NextFunction = () => resolve(expressRouteOf(request));
    (app as RequestHandler)(request as Request, new ServerResponse(request) as Response, unhandled);
  });

const answer: RequestHandler = (request) => handled.get(request)?.(expressRouteOf(request));

describe.each([
  ["Express 5", express],
  ["Express 4", express4],
])("in %s", (name, from) => {
  const byId = () => from.Router().get("/:id", answer).get("/", answer);
  const app = from();
  app.use("/any", (_request, _response, next) => next());
  for (const mount of ["/api/a", "/api/b", "/v:major/x", "/pairs/:a/:b", ["/one", "/two"]])
    app.use(mount, byId());
  const shared = byId();
  app.use("/left/:l", shared).use("/right", shared);
  app.use("/orgs/:org", from.Router().use("/teams", byId()).use("/", byId()));
  app.use("/shops/:shop", from().use("/items", byId()));
  app.get(["/x/:id", "/y"], answer);
  app.get(/^\/r\d+$/, answer);
  if (name === "Express 4") app.use("/n/:number(\\d+)", byId());

  test.each<[string, string | undefined]>([
    ["/x/1?q=2", "/x/:id,/y"],
    ["/r12", "/^\\/r\\d+$/"],
    ["/api/a/1", "/api/a/:id"],
    ["/api/b/1", "/api/b/:id"],
    ["/API/A/1", "/api/a/:id"],
    ["/api/a", "/api/a"],
    ["/v1/x/2", "/v:major/x/:id"],
    ["/pairs/1/1/7", "/pairs/:a/:b/:id"],
    ["/one/1", "/one/:id"],
    ["/two/1", "/two/:id"],
    ["/left/3/4", "/left/:l/:id"],
    ["/right/4", "/right/:id"],
    ["/orgs/orgs/teams/7", "/orgs/:org/teams/:id"],
    ["/orgs/teams/teams/7", "/orgs/:org/teams/:id"],
    ["/orgs/a%20b%2Fc/7", "/orgs/:org/:id"],
    ["/shops/3/items/7", "/shops/:shop/items/:id"],
    ["/any/thing", undefined],
    ...(name === "Express 4" ? [["/n/42/7", "/n/:number/:id"] as [string, string]] : []),
  ])("%s is counted as %s", async (path, template) => {
    expect(await routeOf(app, path)).toBe(template);
  });

  test("a router that a function hides has its concrete path, up to twenty of them", async () => {
    const hidden = byId();
    const wrapped = from().use("/hidden/:one", (request, response, next) => hidden(request, response, next));
    const seen = new Set<string | undefined>();
    for (let n = 0; n < 50; n++) seen.add(await routeOf(wrapped, `/hidden/${n}/1`));
    expect([seen.size, seen.has("/hidden/0/:id"), seen.has("/*/:id")]).toEqual([21, true, true]);
  });
});
