/** In a chunk of its own: only pages with charts load it. */
import "uplot/dist/uPlot.min.css";

export { default } from "uplot";
