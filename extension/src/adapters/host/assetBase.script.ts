// Known only while the script itself runs, so it is taken at load.
const script = document.currentScript;
const address = script instanceof HTMLScriptElement && script.src ? script.src : document.baseURI;

/** As in `assetBase.ts`, for the UMD build: a classic script has no `import.meta`. */
export const assetBase = (): string => new URL('./', address).href;
