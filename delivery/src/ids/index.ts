export { acceptEitherStyle } from "./either-style.ts";
export { ids } from "./identifiers.ts";
export { newId } from "./new-id.ts";
