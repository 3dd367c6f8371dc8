export const EXTENSION_ID = '@second-reader/extension';
