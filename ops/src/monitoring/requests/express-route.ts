import type { IncomingMessage } from "node:http";
import { type Layer, mountTemplate } from "./express-mount.ts";

/** What Express 4 and 5 add to a request that a route handles. Their routers are not public, so all parts are optional. */
interface ExpressRequest {
  route?: { path?: unknown };
  /** The concrete path of the mounted routers: `/orgs/42` for `/orgs/:org`. */
  baseUrl?: string;
  app?: ExpressApp;
}

interface ExpressApp {
  /** The template of a mounted app. */
  path?(): string;
  /** Express 4. */
  _router?: { stack?: Layer[] };
  /** Express 5. In 4, reading it throws. */
  router?: { stack?: Layer[] };
}

/** A route below more mount paths than this shares one name for all further ones. */
const mostMounts = 20;

const knownMounts = new WeakMap<object, Set<string>>();

/**
 * The full template of the Express route that handled a request, as `/orgs/:org/teams/:id`; undefined if none did.
 * Routers may be nested, and mounted below parameters.
 */
export const expressRouteOf = (request: IncomingMessage): string | undefined => {
  const { route, baseUrl = "", app } = request as IncomingMessage & ExpressRequest;
  if (route?.path === undefined) return undefined;
  const mount = baseUrl === "" ? "" : bounded(route, mountOf(route, baseUrl, app));
  const path = [route.path].flat().map(String).join(",");
  return path === "/" && mount !== "" ? mount : mount + path;
};

const mountOf = (route: object, baseUrl: string, app: ExpressApp | undefined): string => {
  const appTemplate = app?.path?.() ?? "";
  const appDepth = appTemplate.split("/").length;
  const segments = baseUrl.split("/");
  const belowApp = ["", ...segments.slice(appDepth)].join("/");
  const stack = (app?._router ?? app?.router)?.stack ?? [];
  const below = belowApp === "" ? "" : mountTemplate(stack, route, belowApp);
  return below === undefined ? baseUrl : appTemplate + below;
};

/** Mount paths that cannot be found out are used as they are, so their number must not grow with the requests. */
const bounded = (route: object, mount: string): string => {
  const known = knownMounts.get(route) ?? new Set<string>();
  knownMounts.set(route, known);
  if (known.has(mount)) return mount;
  if (known.size >= mostMounts) return "/*";
  known.add(mount);
  return mount;
};
