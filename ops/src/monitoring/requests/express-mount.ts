/** A layer of a router of Express 4 or 5, which is not public. */
export interface Layer {
  /** Returns the match; older versions return a boolean and set the layer's `path` and `params`. */
  match(path: string): unknown;
  path?: unknown;
  params?: unknown;
  route?: unknown;
  handle?: { stack?: Layer[] };
}

interface Match {
  path: string;
  params: Record<string, unknown>;
  /** Newer versions know the template. */
  pattern?: unknown;
}

/** Routers nest a few levels; a router that contains itself must not be followed forever. */
const deepest = 20;

const chainsOf = new WeakMap<object, Layer[][]>();

/** The layers through which a request reaches a route; several chains if its router is mounted more than once. */
const chainsTo = (stack: readonly Layer[], route: object): Layer[][] => {
  const known = chainsOf.get(route);
  if (known) return known;
  const chains: Layer[][] = [];
  const search = (layers: readonly Layer[], above: Layer[]): void => {
    for (const layer of layers) {
      if (layer.route === route) chains.push(above);
      else if (layer.handle?.stack && above.length < deepest) search(layer.handle.stack, [...above, layer]);
    }
  };
  search(stack, []);
  chainsOf.set(route, chains);
  return chains;
};

/**
 * The template of the mounted routers around a route: `/orgs/:org` for the concrete path `/orgs/42`. Undefined if they are
 * hidden, such as in a function that calls the router.
 */
export const mountTemplate = (stack: readonly Layer[], route: object, path: string): string | undefined => {
  for (const chain of chainsTo(stack, route)) {
    const template = templateOf(chain, path);
    if (template !== undefined) return template;
  }
  return undefined;
};

/** Undefined if the path is not exactly that of the chain. */
const templateOf = (chain: readonly Layer[], path: string): string | undefined => {
  let rest = path;
  let template = "";
  for (const layer of chain) {
    const match = matchOf(layer, rest);
    if (match === undefined) return undefined;
    template += describe(layer, match);
    rest = rest.slice(match.path.length);
  }
  return rest === "" ? template : undefined;
};

const matchOf = (layer: Layer, path: string): Match | undefined => {
  const result = layer.match(path);
  if (!result) return undefined;
  const found = (typeof result === "object" ? result : layer) as Partial<Match>;
  return { path: String(found.path ?? ""), params: { ...found.params }, pattern: found.pattern };
};

/** No path contains it by accident. */
const probe = "~earlybird~";

/**
 * The template of a layer, from the layer itself or by experiment: a segment that can be replaced is a parameter. Paths
 * match in any case, so the rest is in lower case.
 */
const describe = (layer: Layer, { path, params, pattern }: Match): string => {
  if (typeof pattern === "string") return pattern === "/" ? "" : pattern;
  const unnamed = new Set(Object.keys(params).filter((name) => params[name] !== undefined));
  const segments = path.split("/").map((segment, n, all) => {
    if (segment === "" || unnamed.size === 0) return segment;
    const replaced = matchOf(layer, all.with(n, probe).join("/"))?.params ?? {};
    const name = [...unnamed].find((each) => replaced[each] === probe);
    if (name === undefined) return segment;
    unnamed.delete(name);
    return `:${name}`;
  });
  // Parameters that accept only some values, or are a part of a segment.
  for (const name of unnamed) {
    const value = String(params[name]);
    const place = segments.findLastIndex((segment) => segment !== "" && decoded(segment).includes(value));
    if (place === -1) return "/*";
    segments[place] = decoded(segments[place] ?? "").replace(value, `:${name}`);
  }
  return segments.map((segment) => (segment.includes(":") ? segment : segment.toLowerCase())).join("/");
};

const decoded = (segment: string): string => decodeURIComponent(segment);
