/** The version of the package that these pages were built for. */
declare const __CONSOLE_VERSION__: string;
