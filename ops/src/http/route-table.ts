interface Node {
  readonly children: Map<string, Node>;
  methods: Set<string>;
  /** Methods of routes that end in `/*` here. */
  below: Set<string>;
}

const emptyNode = (): Node => ({ children: new Map(), methods: new Set(), below: new Set() });

/** The key of a parameter's node. No segment of a path contains a slash. */
const anySegment = "/";

/** Answers which paths belong to a set of routes, without handling the request. */
export class RouteTable {
  readonly #root = emptyNode();

  /** @param template with parameters as whole segments and `*` at most at the end, as `/api/alerts/:id` */
  add(methods: string | readonly string[], template: string): void {
    let node = this.#root;
    const segments = template.split("/").slice(1);
    const isOpen = segments.at(-1) === "*";
    if (isOpen) segments.pop();
    for (const segment of segments) {
      const key = segment.startsWith(":") ? anySegment : segment;
      const next = node.children.get(key) ?? emptyNode();
      node.children.set(key, next);
      node = next;
    }
    for (const method of [methods].flat()) (isOpen ? node.below : node.methods).add(method);
  }

  /** @param url with or without a query */
  has(method: string, url: string): boolean {
    const path = url.split(/[?#]/, 1)[0] ?? "";
    return path.startsWith("/") && matches(this.#root, path.split("/").slice(1), method);
  }
}

const matches = (node: Node, [segment, ...rest]: readonly string[], method: string): boolean => {
  if (segment === undefined) return node.methods.has(method);
  if (node.below.has(method)) return true;
  const exact = node.children.get(segment);
  if (exact && matches(exact, rest, method)) return true;
  const parameter = segment === "" ? undefined : node.children.get(anySegment);
  return parameter !== undefined && matches(parameter, rest, method);
};
