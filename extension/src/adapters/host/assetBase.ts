/** Where the built files are: the folder this module was loaded from, ending in "/". */
export const assetBase = (): string => new URL('./', import.meta.url).href;
