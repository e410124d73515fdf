export { productUnavailable } from "./product.ts";
export { productRoutes } from "./routes.ts";
