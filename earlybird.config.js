export { default } from "./delivery/dist/service.js";
