export { type Change, type Check, defineChange, type Impact } from "./change.ts";
export { type ActiveBehaviours, Changes } from "./changes.ts";
